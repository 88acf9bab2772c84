/*
 * Answers reads of the wall clock from a mapped file, for a service and its PostgreSQL that know nothing of it.
 * SIMCITY_CLOCK names the file, SIMCITY_CLOCK_OF says whose time is read there: `service` or `database`. With
 * SIMCITY_CLOCK_TIMERS the monotonic clock of Node skips what the wall clock skips. No file: all is as it is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
/* The clock is kept at least a second away from every deadline. */
#define MOST_CREEP (SECOND * 9 / 10)

/* As clock-file.ts writes it: ns since 1970 of both, ns that were skipped by jumps, and how often it was written. */
struct page {
  long long service, database, skipped, writes;
};

static const struct page *page;
static int is_database, skips;

static int is_node(void) {
  char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  const char *name = strrchr(path, '/');
  return name && strcmp(name, "/node") == 0;
}

__attribute__((constructor)) static void map_clock(void) {
  const char *file = getenv("SIMCITY_CLOCK"), *of = getenv("SIMCITY_CLOCK_OF");
  int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *mapped = mmap(0, sizeof(struct page), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) return;
  is_database = of && strcmp(of, "database") == 0;
  /* Others that wait for an absolute deadline of it would sleep on. */
  skips = getenv("SIMCITY_CLOCK_TIMERS") && is_node();
  __atomic_store_n(&page, mapped, __ATOMIC_RELEASE);
}

static long long load(const long long *value) { return __atomic_load_n(value, __ATOMIC_ACQUIRE); }

static int real_time(clockid_t clock, struct timespec *time) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  return real(clock, time);
}

static long long monotonic(void) {
  struct timespec time;
  real_time(CLOCK_MONOTONIC, &time);
  return time.tv_sec * SECOND + time.tv_nsec;
}

/*
 * PostgreSQL looks at the wall clock when an alarm rings or a sleep is over, and waits on while that stands still. So
 * the handler of its alarm, and nobody else, sees how long it was waited for; and a backend goes on by what it has
 * slept, until the clock is written again.
 */
static volatile long long seen_writes, slept, waited, armed_at;
static volatile int is_ringing;
static void (*volatile alarm_handler)(int);

static long long crept(void) {
  long long writes = load(&page->writes);
  if (writes != seen_writes) slept = 0;
  seen_writes = writes;
  if (is_ringing) return slept + waited + monotonic() - armed_at;
  return slept < MOST_CREEP ? slept : MOST_CREEP;
}

static void ring(int number) {
  is_ringing = 1;
  alarm_handler(number);
  is_ringing = 0;
}

int sigaction(int number, const struct sigaction *action, struct sigaction *old) {
  static int (*real)(int, const struct sigaction *, struct sigaction *);
  if (!real) real = dlsym(RTLD_NEXT, "sigaction");
  if (!page || !is_database || number != SIGALRM || !action || action->sa_flags & SA_SIGINFO ||
      action->sa_handler == SIG_IGN || action->sa_handler == SIG_DFL)
    return real(number, action, old);
  struct sigaction ringing = *action;
  alarm_handler = action->sa_handler;
  ringing.sa_handler = ring;
  return real(number, &ringing, old);
}

int setitimer(__itimer_which_t which, const struct itimerval *value, struct itimerval *old) {
  static int (*real)(__itimer_which_t, const struct itimerval *, struct itimerval *);
  if (!real) real = dlsym(RTLD_NEXT, "setitimer");
  if (page && is_database) {
    long long now = monotonic();
    /* The handler arms it again for the next one that is waited for. */
    waited = is_ringing ? waited + now - armed_at : 0;
    armed_at = now;
  }
  return real(which, value, old);
}

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout) {
  static int (*real)(int, struct epoll_event *, int, int);
  if (!real) real = dlsym(RTLD_NEXT, "epoll_wait");
  int came = real(fd, events, most, timeout);
  if (came == 0 && timeout > 0 && page && is_database) slept = crept() + timeout * (SECOND / 1000);
  return came;
}

static int is_wall(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

static int is_steady(clockid_t clock) {
  return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_MONOTONIC_RAW ||
         clock == CLOCK_BOOTTIME;
}

static void set(struct timespec *time, long long ns) {
  time->tv_sec = ns / SECOND;
  time->tv_nsec = ns % SECOND;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  if (page && is_wall(clock)) {
    set(time, is_database ? load(&page->database) + crept() : load(&page->service));
    return 0;
  }
  int failed = real_time(clock, time);
  if (!failed && page && skips && is_steady(clock))
    set(time, time->tv_sec * SECOND + time->tv_nsec + load(&page->skipped));
  return failed;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}

int timespec_get(struct timespec *time, int base) {
  if (base != TIME_UTC) return 0;
  clock_gettime(CLOCK_REALTIME, time);
  return base;
}

/** The services of compose.yaml as words for `podman run`: its hardening is tried, and none that is written here. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface Surroundings {
  /** What a variable is that compose.yaml asks for. */
  variable(name: string): string;
  /** The port at which a service is reached here, by its name; containers share the network of the machine. */
  ports: Readonly<Record<string, number>>;
}

/** With what is said when it is not set. */
const VARIABLE = /\$\{(\w+)[^}]*\}/g;

type Service = Record<string, unknown>;
type Words = (value: never) => string[];

/** What each key of a service is for podman. */
const OPTIONS: Record<string, Words> = {
  read_only: (isOn: boolean) => [`--read-only=${isOn}`],
  tmpfs: (paths: string[]) => paths.flatMap((path) => ['--tmpfs', path]),
  cap_drop: (names: string[]) => names.flatMap((name) => ['--cap-drop', name]),
  security_opt: (options: string[]) => options.flatMap((option) => ['--security-opt', option]),
  restart: (policy: string) => ['--restart', policy],
  stop_grace_period: (time: string) => ['--stop-timeout', time.replace(/s$/, '')],
  healthcheck: ({ disable }: { disable: boolean }) => (disable ? ['--no-healthcheck'] : []),
  deploy: ({ resources }: { resources: { limits: Record<string, string> } }) =>
    Object.entries(resources.limits).flatMap(([name, most]) => [`--${name}`, most]),
};

/** The image and its words come last; order and network are the test's. */
const ELSEWHERE = ['image', 'build', 'command', 'environment', 'depends_on', 'ports', 'networks'];

/** `options` come before the image; `command` after it. */
export interface Started {
  options: string[];
  image: string;
  command: string[];
}

/** @throws Error when a service has a key that is neither passed on nor known to be the test's. */
export function serviceOf(name: string, around: Surroundings): Started {
  const service = services()[name];
  if (service === undefined) throw new Error(`compose.yaml has no service ${name}`);
  const options = Object.entries(service).flatMap(([key, value]) => {
    if (ELSEWHERE.includes(key)) return [];
    const words = OPTIONS[key];
    if (words === undefined)
      throw new Error(`compose.yaml: ${key} of ${name} is nothing that podman is told`);
    return words(value as never);
  });
  return {
    options: [...onTheHost(around), ...options, ...environmentOf(service, around)],
    image: String(service['image']),
    command: service['command'] as string[],
  };
}

function services(): Record<string, Service> {
  const text = readFileSync('compose.yaml', 'utf8');
  return (parse(text, { merge: true }) as { services: Record<string, Service> }).services;
}

/** Each service by its name, at this machine's loopback address. */
function onTheHost({ ports }: Surroundings): string[] {
  return ['--network', 'host', ...Object.keys(ports).flatMap((name) => ['--add-host', `${name}:127.0.0.1`])];
}

function environmentOf(service: Service, around: Surroundings): string[] {
  const environment = (service['environment'] ?? {}) as Record<string, string>;
  return Object.entries(environment).flatMap(([name, value]) => [
    '--env',
    `${name}=${filled(value, around)}`,
  ]);
}

/** With variables put in, and other ports in place of the usual ones. */
function filled(text: string, { variable, ports }: Surroundings): string {
  const whole = text.replaceAll(VARIABLE, (_, name: string) => variable(name));
  return Object.entries(ports).reduce(
    (text_, [name, port]) => text_.replaceAll(new RegExp(`\\b${name}:\\d+`, 'g'), `${name}:${port}`),
    whole,
  );
}

/** What those who wait for rest ask of the target, and what a way of telling rest is. */

/** What the target knows of the requests under way. */
export interface Standing {
  /** Takes in what has come; to be called before the others are asked. */
  absorb(): void;
  /** The request that was moved is answered, or at the gate again, or waits for a lock; or there is none. */
  hasMoved(): boolean;
  /** All requests under way are. */
  areAllAccounted(): boolean;
  /** A request is nowhere to be seen although the service's pool has room for it. */
  isSomeoneAway(): boolean;
  /** Some request can take a step. */
  canGoOn(): boolean;
  /** Requests are under way. */
  isUnderWay(): boolean;
  /** New connections are refused until virtual time goes on: who tries again and again to have one never comes to rest. */
  areRefused(): boolean;
  /** Nothing can go on: whoever waited for what is none of the service's is looked at once more. */
  unstick(): Promise<void>;
}

/** Where connections are refused, in ms: a driver that tries again without a pause does so until virtual time goes on. */
export const REFUSED_MS = 100;

/** One way of telling that the service is at rest; resolves when it is. */
export interface Way {
  rest(standing: Standing): Promise<void>;
}

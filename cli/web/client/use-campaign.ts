/** A campaign as it stands, told by its stream for as long as somebody looks. */
import { useEffect, useState } from 'preact/hooks';
import type { Campaign } from '../../../server/contract/index.ts';
import { announce } from '../state/announce.ts';
import { askForToken } from '../state/session.ts';
import { ApiProblem } from './api.ts';
import { followCampaign, type Link } from './stream.ts';

/** One that is over may be gone on with; it is looked at again after so long. */
const AGAIN_MS = 5_000;

/** The campaign, null before it came; and what is wrong with its stream. */
export function useCampaign(name: string) {
  const [campaign, setCampaign] = useState<Campaign | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  useEffect(() => {
    const followed = new Following(name, setCampaign, setProblem);
    followed.open();
    return () => followed.close();
  }, [name]);
  return { campaign, problem };
}

class Following {
  readonly #name: string;
  readonly #onCampaign: (campaign: Campaign) => void;
  readonly #onProblem: (problem: ApiProblem | null) => void;
  #isLost = false;
  #end = () => {};
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(
    name: string,
    onCampaign: (campaign: Campaign) => void,
    onProblem: (problem: ApiProblem | null) => void,
  ) {
    this.#name = name;
    this.#onCampaign = onCampaign;
    this.#onProblem = onProblem;
  }

  open(): void {
    this.#end = followCampaign(this.#name, {
      onCampaign: (campaign) => {
        this.#onCampaign(campaign);
        this.#onProblem(null);
        if (this.#isLost) announce('The server answers again.');
        this.#isLost = false;
      },
      onLink: (link) => this.#onLink(link),
    });
  }

  close(): void {
    this.#end();
    clearTimeout(this.#again);
  }

  #onLink(link: Link): void {
    if (link.status === 'lost') {
      this.#isLost = true;
      this.#onProblem(new ApiProblem(0, 'The server does not answer.'));
    }
    if (link.status === 'refused' && !askForToken(link.problem)) this.#onProblem(link.problem);
    if (link.status === 'ended') this.#later();
  }

  #later(): void {
    this.#again = setTimeout(() => (document.hidden ? this.#later() : this.open()), AGAIN_MS);
  }
}

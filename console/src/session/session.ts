// Who is signed in. The token is in memory and, where its holder asked for that, in sessionStorage: never anywhere that
// outlives the tab.
import { useEffect, useState } from "preact/hooks";
import type { ApiError } from "../api/errors";
import type { Me } from "../api/types";

const KEPT = "sluice.token";
const PROJECT = "sluice.project";

export interface State {
  /** What the API says of the token; null where nobody is signed in. */
  me: Me | null;
  /** The project that root has chosen; null is the default one, and every other token's own. */
  project: string | null;
  /** How often a project was made, renamed or deleted: the list that root chooses from goes by it. */
  projectChanges: number;
  /** Why the last session ended by itself. */
  ended: ApiError | null;
}

let token: string | null = null;
let state: State = { me: null, project: null, projectChanges: 0, ended: null };
const listeners = new Set<(state: State) => void>();

function set(change: Partial<State>) {
  state = { ...state, ...change };
  for (const listener of listeners) listener(state);
}

export const session = {
  get: () => state,

  /** What each request carries. */
  credentials: () => ({ token, project: state.me?.kind === "root" ? state.project : null }),

  /** The token that a reload should go on with. */
  kept: () => sessionStorage.getItem(KEPT),

  begin(presented: string, me: Me, keep: boolean) {
    token = presented;
    if (keep) sessionStorage.setItem(KEPT, presented);
    else sessionStorage.removeItem(KEPT);
    set({ me, ended: null, project: me.kind === "root" ? sessionStorage.getItem(PROJECT) : null });
  },

  /** Signs out; `why`, where it was not the holder's wish. */
  end(why: ApiError | null = null) {
    token = null;
    sessionStorage.removeItem(KEPT);
    sessionStorage.removeItem(PROJECT);
    set({ me: null, project: null, ended: why });
  },

  choose(project: string | null) {
    if (project === null) sessionStorage.removeItem(PROJECT);
    else sessionStorage.setItem(PROJECT, project);
    set({ project });
  },

  projectsChanged: () => set({ projectChanges: state.projectChanges + 1 }),
};

/** The session, kept current. */
export function useSession(): State {
  const [shown, show] = useState(state);
  useEffect(() => {
    show(state);
    listeners.add(show);
    return () => void listeners.delete(show);
  }, []);
  return shown;
}

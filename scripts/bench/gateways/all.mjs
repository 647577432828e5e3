import { bifrost } from "./bifrost.mjs";
import { litellm } from "./litellm.mjs";
import { noveum } from "./noveum.mjs";
import { jsPump, passThrough } from "./pass-through.mjs";
import { portkey } from "./portkey.mjs";
import { sluice } from "./sluice.mjs";

/** Every gateway that can be measured, the floor first. */
export const GATEWAYS = [passThrough, jsPump, sluice, noveum, portkey, litellm, bifrost];

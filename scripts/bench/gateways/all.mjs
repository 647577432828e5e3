import { jsPump, passThrough } from "./pass-through.mjs";
import { sluice } from "./sluice.mjs";

/** Every gateway that can be measured, the floor first. */
export const GATEWAYS = [passThrough, jsPump, sluice];

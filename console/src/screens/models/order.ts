import type { Model } from "../../api/types";

/** As they are chosen: the highest priority first; among equals, who came first. */
export function inOrder(models: readonly Model[]): Model[] {
  return [...models].sort((a, b) => b.priority - a.priority || natural(a, b));
}

const natural = (a: Model, b: Model) => a.created_at.localeCompare(b.created_at) || a.id.localeCompare(b.id);

export interface Move {
  id: string;
  priority: number;
}

/** The fewest new priorities that put the model at `at` one place higher. */
export function raise(ordered: readonly Model[], at: number): Move[] {
  const [moved, passed] = [ordered[at], ordered[at - 1]];
  if (!moved || !passed) return [];
  const moves: Move[] = [];
  let [below, least] = [passed, passed.priority];
  // Strictly above the one that it passes, for equals share their calls; from there upwards, whoever is no longer above the one
  // below goes as high as that takes.
  for (const model of [moved, ...ordered.slice(0, at - 1).reverse()]) {
    const needed = model !== moved && natural(model, below) < 0 ? least : least + 1;
    if (model !== moved && model.priority >= needed) break;
    moves.push({ id: model.id, priority: needed });
    [below, least] = [model, needed];
  }
  return moves;
}

/** The same to the very top. */
export function toTop(ordered: readonly Model[], model: Model): Move[] {
  const [top] = ordered;
  return top && top !== model ? [{ id: model.id, priority: top.priority + 1 }] : [];
}

import type { Screen, ScreenProps } from "./table";

export interface Match extends ScreenProps {
  screen: Screen;
}

/** The screen with the longest path that the address begins with; null where there is none. Only `/` itself is the first screen. */
export function match(screens: readonly Screen[], address: string): Match | null {
  const given = segments(address);
  const found = screens.flatMap((screen) => {
    const wanted = segments(screen.path);
    const fits = wanted.every((name, at) => (name.startsWith(":") ? given[at] !== undefined : name === given[at]));
    if (!fits || (wanted.length === 0 && given.length > 0)) return [];
    const params = Object.fromEntries(wanted.flatMap((name, at) => (name.startsWith(":") ? [[name.slice(1), given[at] ?? ""]] : [])));
    return [{ screen, params, rest: given.slice(wanted.length), length: wanted.length }];
  });
  return found.sort((a, b) => b.length - a.length)[0] ?? null;
}

function segments(path: string): string[] {
  return path.split("/").filter(Boolean).map((segment) => {
    try {
      return decodeURIComponent(segment);
    } catch {
      return segment;
    }
  });
}

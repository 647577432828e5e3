import { match } from "../screens/match";
import { SCREENS, type Screen } from "../screens/table";
import { mayOnSome } from "../session/may";
import { Icon } from "../ui/Icon";

/** The screens that the signed-in have a use for. */
export const offered = () => SCREENS.filter(({ group, needs }) => group !== null && (needs === null || mayOnSome(needs)));

export function Navigation({ path }: { path: string }) {
  const screens = offered();
  const current = match(SCREENS, path)?.screen;
  // A screen that is not in the navigation belongs to the one whose path it begins with.
  const shown = screens.find((screen) => screen === current) ?? screens.find((screen) => screen.path !== "/" && path.startsWith(`${screen.path}/`));
  const groups = [...new Set(screens.map(({ group }) => group))];
  return (
    <nav class="nav" aria-label="Screens">
      <a class="brand" href="/">
        <img src="/icon.svg" alt="" width="22" height="22" /> Sluice
      </a>
      {groups.map((group) => (
        <section key={group}>
          <h2>{group}</h2>
          <ul>{screens.filter((screen) => screen.group === group).map((screen) => <Item key={screen.path} screen={screen} current={screen === shown} />)}</ul>
        </section>
      ))}
    </nav>
  );
}

function Item({ screen: { path, icon, title }, current }: { screen: Screen; current: boolean }) {
  return (
    <li>
      <a href={path} aria-current={current ? "page" : undefined}>
        <Icon name={icon} />
        {title}
      </a>
    </li>
  );
}

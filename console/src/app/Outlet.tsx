import { Component, type ComponentChildren, type ComponentType } from "preact";
import { useLocation } from "preact-iso/router";
import { useEffect, useRef, useState } from "preact/hooks";
import { match } from "../screens/match";
import { SCREENS, type Screen, type ScreenProps } from "../screens/table";
import { mayOnSome } from "../session/may";
import { useSession } from "../session/session";
import { Button, LinkButton } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { Page } from "../ui/Page";
import { offered } from "./Navigation";

interface Loaded {
  screen: Screen;
  View: ComponentType<ScreenProps>;
}

/** The screen of an address. The one before it stays until it has been loaded. */
export function Outlet({ path }: { path: string }) {
  const { route } = useLocation();
  const { project } = useSession();
  const found = match(SCREENS, path);
  const screen = found?.screen;
  const [loaded, show] = useState<Loaded | null>(null);
  const [failed, fail] = useState<Screen | null>(null);
  const isFirst = useRef(true);
  const kept = useRef<ScreenProps>({ params: {}, rest: [] });

  useEffect(() => {
    if (!screen) return;
    // Who may not see the overview begins with the first screen that there is for them.
    const [start] = offered();
    if (screen.path === "/" && screen.needs && !mayOnSome(screen.needs) && start) return route(start.path, true);
    let current = true;
    screen.load().then(
      ({ default: View }) => current && show({ screen, View }),
      () => current && fail(screen),
    );
    return () => void (current = false);
  }, [screen]);

  // A screen reader hears where it came to, and the Tab key goes on from there.
  const arrived = !screen || loaded?.screen === screen;
  useEffect(() => {
    if (!arrived) return;
    if (!isFirst.current) document.querySelector<HTMLElement>("main h1")?.focus();
    isFirst.current = false;
  }, [arrived, path]);

  if (!found) return <Nowhere path={path} />;
  if (failed === screen) return <Unloaded />;
  if (!loaded) return null;
  const { screen: shown, View } = loaded;
  // While another screen is being loaded, this one stays as it was.
  if (shown === screen) kept.current = { params: found.params, rest: found.rest };
  return (
    <Guard key={`${shown.path} ${project}`}>
      <View {...kept.current} />
    </Guard>
  );
}

function Nowhere({ path }: { path: string }) {
  return (
    <Page title="No such screen">
      <div class="table-frame">
        <Empty title={`There is nothing at ${path}`} action={<LinkButton href="/" kind="primary">Go to the beginning</LinkButton>}>
          The address was mistyped, or is from another version.
        </Empty>
      </div>
    </Page>
  );
}

function Unloaded() {
  return (
    <Page title="This screen could not be loaded">
      <div class="table-frame">
        <Empty title="Sluice did not send this screen" action={<Button kind="primary" onClick={() => location.reload()}>Reload</Button>}>
          The connection broke, or a newer version was deployed since this page was opened.
        </Empty>
      </div>
    </Page>
  );
}

/** A screen that breaks takes nothing else along. */
class Guard extends Component<{ children: ComponentChildren }, { broken: boolean }> {
  override state = { broken: false };

  override componentDidCatch(error: unknown) {
    console.error(error);
    this.setState({ broken: true });
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <Page title="This screen broke">
        <div class="table-frame">
          <Empty title="That is a fault of the console's" action={<Button kind="primary" onClick={() => location.reload()}>Reload</Button>}>
            Nothing was changed by it. The browser's console has the details.
          </Empty>
        </div>
      </Page>
    );
  }
}

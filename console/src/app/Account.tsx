import type { Me } from "../api/types";
import { session } from "../session/session";
import { Menu } from "../ui/Menu";
import { Time } from "../ui/Time";

export function Account({ me }: { me: Me }) {
  const who = me.user?.name ?? me.name;
  return (
    <Menu
      label={`Account: ${who}`}
      icon="users"
      text={<span class="account-name">{who}</span>}
      head={
        <>
          <strong>{who}</strong>
          {me.kind === "root" ? "The deployment's root" : me.user ? `Token ${me.name}, ${me.user.role}` : "Token"}
          {me.expires_at && <div>Until <Time at={me.expires_at} /></div>}
        </>
      }
      items={[{ label: "Sign out", icon: "leave", run: () => session.end() }]}
    />
  );
}

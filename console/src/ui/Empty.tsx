import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./Icon";

/** Nothing here yet: why one would want something, and how to get it. */
export function Empty({ icon, title, children, action }: { icon?: IconName; title: string; children?: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class="empty">
      {icon && <Icon name={icon} />}
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action && <div class="row">{action}</div>}
    </div>
  );
}

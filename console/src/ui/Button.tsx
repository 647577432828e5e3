import type { ButtonHTMLAttributes, ComponentChildren, Ref } from "preact";
import { Icon, type IconName } from "./Icon";

type Kind = "primary" | "secondary" | "quiet" | "danger";

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "icon" | "size"> {
  kind?: Kind;
  icon?: IconName;
  /** While what it does is under way: it keeps its size and its focus, and does nothing. */
  pending?: boolean;
  buttonRef?: Ref<HTMLButtonElement>;
}

export function Button({ kind = "secondary", icon, pending = false, buttonRef, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      ref={buttonRef}
      class="button"
      data-kind={kind}
      aria-busy={pending || undefined}
      aria-disabled={pending || undefined}
      onClick={(event) => (pending ? event.preventDefault() : onClick?.(event))}
    >
      <span>
        {icon && <Icon name={icon} />}
        {children}
      </span>
    </button>
  );
}

/** A button of an icon alone; `label` is what is heard, and shown on hover. */
export function IconButton({ label, ...rest }: Omit<ButtonProps, "children" | "icon" | "label"> & { label: string; icon: IconName }) {
  return <Button kind="quiet" {...rest} aria-label={label} title={label} data-icon="only" />;
}

/** A link that looks like a button, because it goes somewhere. */
export function LinkButton({ href, kind = "secondary", icon, children, ...rest }: {
  href: string; kind?: Kind; icon?: IconName; children: ComponentChildren; download?: string;
}) {
  return (
    <a {...rest} href={href} class="button" data-kind={kind}>
      <span>
        {icon && <Icon name={icon} />}
        {children}
      </span>
    </a>
  );
}

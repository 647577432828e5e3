import { Field, type FieldProps } from "./Field";
import { Icon } from "./Icon";

export interface Option {
  value: string;
  label: string;
  /** Options of one group stand together under its name. */
  group?: string;
}

interface Choice {
  options: readonly Option[];
  value: string;
  onValue: (value: string) => void;
}

/** The control alone; it needs a name by `id` and a label, or by `aria-label`. */
export function Select({ options, value, onValue, wide = false, ...rest }: Choice & {
  wide?: boolean; id?: string; "aria-label"?: string; "aria-describedby"?: string | undefined; "aria-invalid"?: "true" | undefined;
}) {
  const groups = [...new Set(options.map(({ group }) => group))];
  const item = (option: Option) => <option key={option.value} value={option.value}>{option.label}</option>;
  return (
    <span class="select" data-wide={wide}>
      <select {...rest} class="input" value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        {groups.map((group) => {
          const members = options.filter((option) => option.group === group).map(item);
          return group === undefined ? members : <optgroup key={group} label={group}>{members}</optgroup>;
        })}
      </select>
      <Icon name="down" />
    </span>
  );
}

export function SelectField({ label, hint, error, optional, ...choice }: FieldProps & Choice) {
  return <Field {...{ label, hint, error, optional }}>{(tied) => <Select {...choice} {...tied} wide />}</Field>;
}

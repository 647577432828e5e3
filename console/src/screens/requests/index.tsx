// The request log: each call, and how it came about. `/requests/req_…` is one of them.
import type { ScreenProps } from "../table";
import { Log } from "./Log";
import { OneRequest } from "./OneRequest";

export default function Requests({ rest }: ScreenProps) {
  const [id] = rest;
  return id === undefined ? <Log /> : <OneRequest id={id} key={id} />;
}

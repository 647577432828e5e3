import { useEffect, useState } from "preact/hooks";
import type { ApiError } from "../api/errors";
import { enter } from "../session/enter";
import { session, useSession } from "../session/session";
import { Toasts } from "../ui/Toast";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";

export function App() {
  const { me } = useSession();
  const [resuming, resume] = useState(session.kept() !== null);
  const [error, fail] = useState<ApiError | null>(null);

  useEffect(() => {
    const kept = session.kept();
    if (kept === null) return;
    enter(kept, true).then((refused) => {
      // The token is kept where Sluice only did not answer: a reload may do.
      if (refused?.status === 401) session.end(refused);
      else fail(refused);
      resume(false);
    });
  }, []);

  if (resuming) return <p class="unseen" role="status">Signing in …</p>;
  return (
    <>
      {me ? <Shell me={me} /> : <SignIn error={error} />}
      <Toasts />
    </>
  );
}

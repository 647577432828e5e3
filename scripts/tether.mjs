// Preloaded into wrangler, whose stdin is a pipe that only its starter holds. However the starter ends, killed outright
// included, the pipe ends too, and wrangler and its workerd go with it.
import { isMainThread } from "node:worker_threads";

const GRACE_MS = 2000;

if (isMainThread) {
  process.stdin.resume().once("close", () => {
    // To the whole group, which is wrangler's own: see start() in process.mjs.
    const all = process.platform === "win32" ? process.pid : 0;
    setTimeout(() => process.kill(all, "SIGKILL"), GRACE_MS);
    process.kill(process.pid, "SIGTERM");
  });
  process.stdin.unref?.();
}

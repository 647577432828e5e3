import { api, ask } from "../api/client";
import { ApiError, fromThrown } from "../api/errors";
import { session } from "./session";

/** Signs in with a token; what it resolves with is why not. `keep` lets the session outlive a reload of this tab. */
export async function enter(token: string, keep: boolean): Promise<ApiError | null> {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    return new ApiError(401, "auth.invalid_token", "this is no token: a token has no spaces and only letters, digits and signs of a keyboard", null);
  }
  try {
    const { data } = await ask(api.GET("/api/v1/me", { headers: { authorization: `Bearer ${token}` } }));
    session.begin(token, data, keep);
    return null;
  } catch (thrown) {
    return fromThrown(thrown);
  }
}

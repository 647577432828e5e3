// A module on its way from a file to the API, which takes it in base64.

/** The largest module that the API takes. */
export const MOST_BYTES = 1024 * 1024;

export async function toBase64(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

// The headers of the static files. The Worker's own answers bring theirs. HSTS is not among them: it may be said over TLS only,
// which a file cannot tell, and the console's first call of the API says it.

const POLICY = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self'",
  "connect-src": "'self'",
  "img-src": "'self' data:",
  "font-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
};

const EVERYWHERE = {
  "content-security-policy": Object.entries(POLICY).map((directive) => directive.join(" ")).join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-cache",
};

/**
 * The file `_headers`, as Cloudflare reads it. Hashed names never change what they mean; they are listed one by one, because under a
 * name that is gone the page is served, and nobody may keep that for a year.
 */
export function staticHeaders(hashed) {
  const lines = (headers) => Object.entries(headers).map(([name, value]) => `  ${name}: ${value}\n`).join("");
  const kept = hashed.map((name) => `\n/assets/${name}\n  ! cache-control\n${lines({ "cache-control": "public, max-age=31536000, immutable" })}`);
  return `/*\n${lines(EVERYWHERE)}${kept.join("")}`;
}

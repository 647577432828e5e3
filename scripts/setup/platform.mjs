// Which prebuilt binaries run here, in the words of the projects that publish them.

const windowsRust = "x86_64-pc-windows-msvc";

/** Targets of wasm-bindgen's releases: static on Linux, so they run on any distribution. */
export function wasmBindgenTarget(platform = process.platform, arch = process.arch) {
  return {
    "linux x64": "x86_64-unknown-linux-musl",
    "linux arm64": "aarch64-unknown-linux-musl",
    "darwin x64": "x86_64-apple-darwin",
    "darwin arm64": "aarch64-apple-darwin",
    "win32 x64": windowsRust,
  }[`${platform} ${arch}`];
}

/** Targets of worker-build's releases. */
export function workerBuildTarget(platform = process.platform, arch = process.arch) {
  return {
    "linux x64": "x86_64-unknown-linux-gnu",
    "linux arm64": "aarch64-unknown-linux-gnu",
    "darwin x64": "x86_64-apple-darwin",
    "darwin arm64": "aarch64-apple-darwin",
    "win32 x64": windowsRust,
  }[`${platform} ${arch}`];
}

export const executable = (name, platform = process.platform) => (platform === "win32" ? `${name}.exe` : name);

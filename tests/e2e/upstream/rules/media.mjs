// Vendors look at the bytes of an image, not only at what the request calls them.

const MAGIC = {
  'image/png': (bytes) => bytes.subarray(0, 4).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47])),
  'image/jpeg': (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8,
  'image/gif': (bytes) => bytes.subarray(0, 4).toString() === 'GIF8',
  'image/webp': (bytes) => bytes.subarray(0, 4).toString() === 'RIFF' && bytes.subarray(8, 12).toString() === 'WEBP',
};

/** Sentences when base64 `data` is no image of `mediaType`. An image that is not inline has neither. */
export function imageViolations(mediaType, data, path) {
  if (data === undefined && mediaType === undefined) return [];
  if (!Object.hasOwn(MAGIC, mediaType)) return [`${path}: media type ${mediaType} is not supported`];
  return MAGIC[mediaType](Buffer.from(String(data), 'base64')) ? [] : [`${path}: the image was specified using the ${mediaType} media type, but the bytes are not that`];
}

/** Tells URLs and ids from words. Pure. */

const SHAPES = [
  /^\d+$/, // an id
  /^\d+@\d+/, // an AIR without its beginning
  /^(urn:|air:|civitai:)\S+$/,
  /[a-z][a-z0-9+.-]*:\/\/\S/,
  /^(\/\/|www\.)\S+$/,
  /^civitai\.(com|red|green)(\W|$)/,
  /^\/?(api\/(v1|download)\/)?(models|model-versions|images|posts|collections)\/\d/,
  /^\/?user\/\w/,
  /^\d*\/?\??modelversionid=/,
  /^([\w-]+\.)+[a-z]{2,}(:\d+)?\/\S*$/, // on another site, of which the server says so
];

/** Return whether a text looks like a URL or an id, which the server can look up. */
export function isAddress(text: string) {
  const folded = text.trim().toLowerCase();
  return SHAPES.some((shape) => shape.test(folded));
}

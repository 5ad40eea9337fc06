/**
 * What is learned from a gallery, as types only.
 *
 * @typedef {object} Most  the most common value of a kind
 * @property {string} value
 * @property {string} label
 * @property {number} count  images that have it
 * @property {number} share  of those with data, 0 to 1
 *
 * @typedef {object} BarOnly
 * @property {number} reactions  what such an image usually got
 * @property {string} weight  of a LoRA, the most common one; "" is not told
 * @property {string} low
 * @property {string} high
 * @property {boolean} is_own  it is a file of the model that is open
 * @property {string} search  finds those images; "" where no search can
 *
 * @typedef {Most & BarOnly} Bar
 * @typedef {{kind: string, bars: Bar[]}} Group
 *
 * @typedef {object} VersionStats
 * @property {number} id
 * @property {string} name
 * @property {number} pictures
 * @property {number} with_data
 * @property {Record<string, Most>} most  by kind
 *
 * @typedef {object} Stats
 * @property {number} pictures  that were read
 * @property {number} with_data
 * @property {number} reactions  what one of those usually got
 * @property {string} recipe  an infotext, or ""
 * @property {[string, string][]} settings  what it says beside the prompts
 * @property {Group[]} groups
 * @property {VersionStats[]} versions
 */

export {};

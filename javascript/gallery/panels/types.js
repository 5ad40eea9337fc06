/**
 * Downloads as the server tells of them, as types only.
 *
 * @typedef {object} JobDeed
 * @property {string} name
 * @property {string} words
 *
 * @typedef {object} JobFailure
 * @property {number} id
 * @property {string} page
 * @property {string} reason
 * @property {string} detail
 * @property {string} code
 * @property {boolean} has_thumb
 *
 * @typedef {object} Job
 * @property {number} id
 * @property {string} title
 * @property {string} state
 * @property {string} state_words
 * @property {boolean} reads_only  no picture is fetched
 * @property {number} percent
 * @property {string} line
 * @property {string} note
 * @property {string} folder
 * @property {number} saved
 * @property {number} skipped
 * @property {number} failed
 * @property {JobDeed[]} actions
 * @property {string} failed_words
 * @property {JobFailure[]} failures
 * @property {string} more
 * @property {string} toast
 * @property {{end: string, lines: string[]} | null} report  what its gallery had, once it is over
 *
 * @typedef {object} Jobs
 * @property {number} active  at work
 * @property {number} waiting  that wait their turn, shown or not
 * @property {string} more  how many of them are not shown, in words
 * @property {string} notice
 * @property {Job[]} jobs
 */

export {};

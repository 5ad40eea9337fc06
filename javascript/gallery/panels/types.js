/**
 * Downloads as the server tells of them, as types only.
 *
 * @typedef {object} JobAction
 * @property {string} name
 * @property {string} label
 *
 * @typedef {object} JobFailure
 * @property {number} id
 * @property {string} url
 * @property {string} reason
 * @property {string} detail
 * @property {string} code
 * @property {boolean} has_thumb
 *
 * @typedef {object} Job
 * @property {number} id
 * @property {string} title
 * @property {string} state
 * @property {string} state_label
 * @property {boolean} reads_only  no image is fetched
 * @property {number} percent
 * @property {string} line
 * @property {string} note
 * @property {string} folder
 * @property {number} saved
 * @property {number} skipped
 * @property {number} failed
 * @property {JobAction[]} actions
 * @property {string} failed_label
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

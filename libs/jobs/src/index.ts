export { Jobs, type JobPage, type JobResultPart, type JobsOptions } from './jobs.js';
export {
  isFinished,
  JOB_STATUSES,
  JOB_TOPICS,
  type FileRow,
  type JobError,
  type JobOptions,
  type JobProgress,
  type JobRow,
  type JobStatus,
  type JobTopic,
  type JobView,
} from './job.js';
export type { JobActor, JobNotifier, JobSubmission, SubmitResult } from './job-submission.js';
export type { JobInput, RawInputJson } from './raw-input.js';
export type { FileContent, FileRowInput, InputFiles, SlicePlan } from './input-files.js';
export type { JobEvent, JobEventType } from './events/job-event.js';
export {
  DEFAULT_JOB_SETTINGS,
  SLICE_QUEUE,
  type JobSettings,
  type JobsLog,
  type JobsObserver,
} from './jobs-parts.js';
export type { JobLoad } from './reading/job-load.js';
export type { ClaimedSlice, SliceItem, SliceRuns } from './running/slice-runs.js';
export type { WorkerPresence } from './running/worker-presence.js';
export {
  JobFiles,
  type Alongside,
  type FileOwner,
  type JobFilesOptions,
} from './files/job-files.js';
export { FileDamagedError } from './files/store/chunk-cipher.js';
export { FileMissingError } from './files/store/file-store.js';

/** What is seen of a question before its answer. */
export interface QuestionSigns {
  /** a connection to its server stands, newly dialled */
  readonly opened: () => void;
  /** its server has sent the first byte */
  readonly heard: () => void;
}

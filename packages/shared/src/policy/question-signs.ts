/** What is seen of a question before its answer. */
export interface QuestionSigns {
  /** its server, which took no connection for a while, has taken one */
  readonly opened: () => void;
  /** its server has taken its connection */
  readonly letIn: () => void;
  /** its server has sent the first byte */
  readonly heard: () => void;
}

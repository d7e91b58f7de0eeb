import type { Outcome } from './sink.ts';

/** What Slack says by a word: of the workspace or the key (closed), of the message (refused), of the moment (retry). */
const CLOSED = `access_denied account_inactive action_prohibited as_user_not_supported cannot_reply_to_message
  channel_is_archived channel_not_found ekm_access_denied enterprise_is_restricted invalid_auth invalid_token is_archived
  method_deprecated missing_scope no_active_hooks no_permission no_service no_service_id no_team not_allowed_token_type
  not_authed not_in_channel org_login_required posting_to_general_channel_denied restricted_action
  restricted_action_non_threadable_channel restricted_action_read_only_channel restricted_action_thread_locked
  restricted_action_thread_only_channel team_access_not_granted team_disabled team_not_found token_expired token_revoked
  two_factor_setup_required user_not_found`.split(/\s+/);
const RETRY = `fatal_error internal_error message_limit_exceeded rate_limited ratelimited request_timeout rollup_error
  service_unavailable team_added_to_org timeout`.split(/\s+/);
/** The layout is wrong, the words may be fine. */
const LAYOUT = new Set(
  'invalid_attachments invalid_blocks invalid_blocks_format msg_blocks_too_long too_many_attachments'.split(' '),
);
const REFUSED = `invalid_arg_name invalid_arguments invalid_array_arg invalid_charset invalid_form_data invalid_json
  invalid_metadata_format invalid_metadata_schema invalid_payload invalid_post_type json_not_object message_too_long
  metadata_must_be_sent_from_app metadata_too_large missing_post_type missing_text_or_fallback_or_attachments
  msg_too_long no_text`.split(/\s+/);
/** The message is there no more, or not to be changed any more. */
const GONE = new Set(
  'cant_update_message edit_window_closed message_not_found thread_not_found'.split(' '), // as answers of update and of posts in a thread
);

type Kind = 'closed' | 'retry' | 'refused';
const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...CLOSED.map((word) => [word, 'closed'] as const),
  ...RETRY.map((word) => [word, 'retry'] as const),
  ...[...REFUSED, ...LAYOUT, ...GONE].map((word) => [word, 'refused'] as const),
]);

/** Answers may carry what we sent; only words of Slack's own vocabulary are repeated. */
export const knownWord = (text: string): string | undefined => (KINDS.has(text) ? text : undefined);
export const isLayoutWord = (word: string | undefined): boolean => word !== undefined && LAYOUT.has(word);
export const isGoneWord = (word: string | undefined): boolean => word !== undefined && GONE.has(word);

/** What `ok: false` means. A word that is not known stands for one message that cannot be sent. */
export function outcomeOfWord(word: string | undefined, host: string, retryAfterMs: number): Outcome {
  const why = `${host} says ${word ?? 'no, for a reason that is not known'}`;
  const kind = KINDS.get(word ?? '') ?? 'refused';
  return kind === 'retry' ? { kind, why, afterMs: retryAfterMs } : { kind, why };
}

-- A batch that is sent again under its token, because its answer was lost, is recognised and dropped. The server keeps
-- the tokens of the last so many inserts of a table. Replicated tables have a window of their own.

ALTER TABLE function_minutes_data MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE invocations_data MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE scores_data MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE alert_events_data MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE functions_data MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE coverage_data MODIFY SETTING non_replicated_deduplication_window = 1000;

ALTER TABLE rejects_data MODIFY SETTING non_replicated_deduplication_window = 1000;

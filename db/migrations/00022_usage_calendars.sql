-- The calendars by whose days and months there are sums, beside that of UTC:
--
--   zone        the IANA name of the time zone
--   rules       stands for where its days begin, by the time zone database of the gateway
--               that summed them up; with another one, days may begin elsewhere
--   phase       'filling', 'ready', or 'leaving' while its sums are being deleted

-- +goose Up
CREATE TABLE IF NOT EXISTS usage_calendars (
    calendar_no TINYINT UNSIGNED NOT NULL,
    zone        VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    rules       BIGINT NOT NULL,
    phase       VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (calendar_no)
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS usage_calendars;

-- From where users have signed in within a week, so that a restart of the gateway does
-- not make strangers of them. address_hash is the HMAC-SHA256 of the address, keyed with
-- the user's password hash, in hex: a new password forgets the addresses.

-- +goose Up
CREATE TABLE IF NOT EXISTS familiar_addresses (
    user_name    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    address_hash CHAR(64)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    seen_at      DATETIME(3) NOT NULL COMMENT 'UTC; exact to the day',
    PRIMARY KEY (user_name, address_hash),
    KEY familiar_addresses_by_age (seen_at),
    CONSTRAINT familiar_addresses_user FOREIGN KEY (user_name) REFERENCES users (user_name) ON DELETE CASCADE
) COMMENT = 'AI usage gateway';

-- +goose Down
DROP TABLE IF EXISTS familiar_addresses;

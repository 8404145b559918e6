package doltdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"aiusage/cli"
)

const (
	lockFile       = "lock"
	connectionFile = "connection.json"
)

// announceWait is how long a second process waits for the first, which may still
// be starting, to say how its database is reached.
const announceWait = 10 * time.Second

// claim is one process's right to open a data folder. The operating system
// drops it when the process ends, however it ends; so the lock alone decides,
// and a connection.json that a killed process left behind does not matter.
type claim struct {
	lock       *flock.Flock
	connection string
}

// connection is the content of connection.json.
type connection struct {
	PID int    `json:"pid"`
	DSN string `json:"dsn,omitempty"`
}

// claimFolder locks folder, or returns a *cli.FolderInUseError.
func claimFolder(ctx context.Context, folder string) (*claim, error) {
	c := &claim{
		lock:       flock.New(filepath.Join(folder, lockFile)),
		connection: filepath.Join(folder, connectionFile),
	}
	locked, err := c.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the data folder: %w", err)
	}
	if !locked {
		return nil, c.folderInUse(ctx, folder)
	}
	if err := c.write(connection{PID: os.Getpid()}); err != nil {
		return nil, errors.Join(err, c.release())
	}
	return c, nil
}

// folderInUse asks connection.json who holds the lock. It waits while that
// process is starting, and settles for less when that takes too long.
func (c *claim) folderInUse(ctx context.Context, folder string) error {
	ctx, cancel := context.WithTimeout(ctx, announceWait)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		holder, err := c.read()
		if err != nil {
			return err
		}
		inUse := &cli.FolderInUseError{Folder: folder, PID: holder.PID, DSN: holder.DSN}
		if holder.DSN != "" {
			return inUse
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return inUse
		}
	}
}

// announce tells other processes how to reach the database.
func (c *claim) announce(dsn string) error {
	return c.write(connection{PID: os.Getpid(), DSN: dsn})
}

// write replaces connection.json as a whole, readable for its owner only: it
// holds a password.
func (c *claim) write(content connection) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	unfinished := c.connection + ".new"
	if err := os.WriteFile(unfinished, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(unfinished, c.connection)
}

// read returns connection.json, or nothing when there is none yet.
func (c *claim) read() (connection, error) {
	var content connection
	if err := cli.CheckPrivate("the password file", c.connection); err != nil {
		return content, err
	}
	text, err := os.ReadFile(c.connection)
	if errors.Is(err, fs.ErrNotExist) {
		return content, nil
	}
	if err != nil {
		return content, err
	}
	if err := json.Unmarshal(text, &content); err != nil {
		return content, fmt.Errorf("reading %s: %w", c.connection, err)
	}
	return content, nil
}

// release gives the folder up. The lock file stays: deleting it would let two
// processes lock two files of the same name.
func (c *claim) release() error {
	err := os.Remove(c.connection)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, c.lock.Unlock())
}

package doltdb

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"github.com/sirupsen/logrus"
)

// concernsItsClient are the starts of messages about something that a client of
// the database has seen for itself and decides what to do about. Repeating them
// would also log the text of statements that failed, with the values in it.
var concernsItsClient = []string{
	"error running query",
	"Error reading packet from client",
	"socket state is broken",
	"Conn ", // failed to write an answer
}

// logToSlog passes Dolt's warnings and errors on to slog's default logger.
var logToSlog = sync.OnceFunc(func() { logrus.AddHook(slogHook{}) })

type slogHook struct{}

// Levels are the levels that are passed on.
func (slogHook) Levels() []logrus.Level {
	return []logrus.Level{logrus.PanicLevel, logrus.FatalLevel, logrus.ErrorLevel, logrus.WarnLevel}
}

// Fire passes one entry on.
func (slogHook) Fire(entry *logrus.Entry) error {
	for _, start := range concernsItsClient {
		if strings.HasPrefix(entry.Message, start) {
			return nil
		}
	}
	level := slog.LevelError
	if entry.Level == logrus.WarnLevel {
		level = slog.LevelWarn
	}
	var attributes []any
	if err, ok := entry.Data[logrus.ErrorKey]; ok {
		attributes = append(attributes, slog.Any("err", err))
	}
	slog.Log(context.Background(), level, "embedded database: "+entry.Message, attributes...)
	return nil
}

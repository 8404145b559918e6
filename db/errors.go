package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/go-sql-driver/mysql"

	"aiusage/usage"
)

// Numbers of server errors, from the MySQL Error Message Reference. MariaDB
// and Dolt use the same.
const (
	erConCount         = 1040 // too many connections
	erAccessDenied     = 1045
	erDBAccessDenied   = 1044
	erBadDB            = 1049
	erServerShutdown   = 1053
	erDupEntry         = 1062
	erNoSuchTable      = 1146
	erLockWaitTimeout  = 1205
	erLockDeadlock     = 1213
	erTooManyUserConns = 1203
	erTableDefChanged  = 1412
	erQueryInterrupted = 1317
	erQueryTimeout     = 3024 // MySQL
	erStatementTimeout = 1969 // MariaDB
)

// translate turns a driver's error into one of the domain. Errors that are
// already of the domain, and those that are a fault of the gateway, pass.
func translate(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*usage.Error](err); ok {
		return err
	}
	if server, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return translateServerError(server, err)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &usage.Error{Code: usage.Timeout, Message: "the database took too long to answer", Cause: err}
	case errors.Is(err, context.Canceled):
		return &usage.Error{Code: usage.Canceled, Message: "the request was canceled", Cause: err}
	case IsConnectionLoss(err):
		return &usage.Error{Code: usage.Unavailable, Message: "the database cannot be reached", Cause: err}
	}
	return err
}

// translateServerError translates what the server itself reported.
func translateServerError(server *mysql.MySQLError, err error) error {
	code, message := usage.Internal, ""
	switch server.Number {
	case erConCount, erTooManyUserConns, erServerShutdown:
		code, message = usage.Unavailable, "the database takes no connections at the moment"
	case erLockWaitTimeout, erLockDeadlock:
		code, message = usage.Unavailable, "the database is busy with other writers"
	case erQueryTimeout, erStatementTimeout, erQueryInterrupted:
		code, message = usage.Timeout, "the database took too long to answer"
	case erAccessDenied, erDBAccessDenied:
		code, message = usage.Unavailable, "the database refuses the gateway's user name or password"
	case erBadDB:
		code, message = usage.Unavailable, "the database named in the DSN does not exist"
	case erNoSuchTable:
		code, message = usage.Unavailable, "the database lacks a table of the gateway; run its migrate command"
	default:
		return err
	}
	return &usage.Error{Code: code, Message: message, Cause: err}
}

// IsConnectionLoss tells whether err is a failure of the connection, rather than
// an answer of the server.
func IsConnectionLoss(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// hasNumber tells whether err is the server's error with one of the numbers.
func hasNumber(err error, numbers ...uint16) bool {
	server, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return false
	}
	for _, number := range numbers {
		if server.Number == number {
			return true
		}
	}
	return false
}

// ignoreDone drops the error of rolling back what has ended already.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) || IsConnectionLoss(err) {
		return nil
	}
	return err
}

// attempts bounds how often retry runs something.
const attempts = 10

// retry runs do until it succeeds, fails for good, or has met a deadlock, a lock
// that was not to be had or a key that another writer inserted meanwhile
// attempts times. do must have no effect when it fails.
func retry(ctx context.Context, do func() error) error {
	var err error
	for attempt := range attempts {
		err = do()
		if err == nil || !hasNumber(err, erLockDeadlock, erLockWaitTimeout, erDupEntry) {
			break
		}
		pause := time.Duration(1+rand.IntN(10<<min(attempt, 6))) * time.Millisecond
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return translate(ctx.Err())
		}
	}
	return translate(err)
}

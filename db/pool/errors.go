package pool

import (
	"context"
	"crypto/tls"
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

// Translate turns a driver's error into one of the domain. Errors that are
// already of the domain, and those that are a fault of the gateway, pass.
func Translate(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*usage.Error](err); ok {
		return err
	}
	if server, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return translateServerError(server, err)
	}
	if known := translateDriverError(err); known != nil {
		return known
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
	if known := wordsOf(server); known != nil {
		return &usage.Error{Code: known.code, Message: known.message, Cause: err}
	}
	return err
}

// driverWords are the words for what the driver itself reports about a connection.
var driverWords = []struct {
	err     error
	message string
}{
	{mysql.ErrNoTLS, "the DSN asks for an encrypted connection, which the database does not offer"},
	{mysql.ErrUnknownPlugin, "the database wants the gateway's account to sign in in a way that the gateway does not know; give the account another authentication plugin"},
	{mysql.ErrNativePassword, "the database wants the gateway's account to sign in by mysql_native_password, which the DSN forbids"},
	{mysql.ErrOldPassword, "the database wants the gateway's account to sign in in an old way that is not safe; give the account a new password"},
	{mysql.ErrCleartextPassword, "the database wants the gateway's password in plain text; allow that in the DSN with allowCleartextPasswords=true, and tls=true"},
	{mysql.ErrOldProtocol, "the database is too old"},
	{mysql.ErrPktTooLarge, "a statement is larger than the DSN's maxAllowedPacket or the database's max_allowed_packet"},
	{sql.ErrTxDone, "the request was canceled"},
}

// translateDriverError translates what the driver or TLS reported, or returns nil.
func translateDriverError(err error) error {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &usage.Error{Code: usage.Unavailable, Cause: err,
			Message: "the certificate of the database is not trusted, or is not for the host in the DSN"}
	}
	for _, one := range driverWords {
		if !errors.Is(err, one.err) {
			continue
		}
		code := usage.Unavailable
		if one.err == sql.ErrTxDone { // which its context has ended
			code = usage.Canceled
		}
		return &usage.Error{Code: code, Message: one.message, Cause: err}
	}
	return nil
}

// IsPassing tells whether the database may be there in a moment: it cannot be
// reached, or says so itself.
func IsPassing(err error) bool {
	if server, ok := errors.AsType[*mysql.MySQLError](err); ok {
		known := wordsOf(server)
		return known != nil && known.passing
	}
	return IsConnectionLoss(err) || isRefusal(err)
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

// HasNumber tells whether err is the server's error with one of the numbers.
func HasNumber(err error, numbers ...uint16) bool {
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

// IgnoreDone drops the error of rolling back what has ended already.
func IgnoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) || IsConnectionLoss(err) {
		return nil
	}
	return err
}

// IgnoreNoRows drops the error of a row that is not there.
func IgnoreNoRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// MaxAttempts bounds how often Retry runs something.
const MaxAttempts = 10

// Retry runs do until it succeeds, fails for good, or has met a deadlock, a lock
// that was not to be had or a key that another writer inserted meanwhile
// MaxAttempts times. do must have no effect when it fails. A server that is read-only is
// tried once more: after a fail-over, another one answers on a new connection.
func Retry(ctx context.Context, do func() error) error {
	readOnly := false
	return Translate(repeat(ctx, do, func(err error) bool {
		if refusesWrites(err) {
			again := !readOnly
			readOnly = true
			return again
		}
		return isDeadlock(err) || HasNumber(err, ErLockWaitTimeout, ErDupEntry)
	}))
}

// ExecContext runs a statement outside of transactions, again when the server chose it as the
// victim of a deadlock: where nodes of a cluster write at the same time, any statement may be.
func (p *Pool) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	err = repeat(ctx, func() error {
		result, err = p.DB.ExecContext(ctx, query, args...)
		return err
	}, isDeadlock)
	return result, err
}

// isDeadlock tells whether the server has undone a transaction for the sake of another.
func isDeadlock(err error) bool {
	return HasNumber(err, ErLockDeadlock, ErAutoincRead, ErCheckRead, ErRolledBack)
}

// repeat runs do until it succeeds, fails in a way that is not worth trying again, or has done so
// MaxAttempts times.
func repeat(ctx context.Context, do func() error, isWorthIt func(error) bool) error {
	var err error
	for attempt := range MaxAttempts {
		if err = do(); !isWorthIt(err) {
			break
		}
		pause := time.Duration(1+rand.IntN(10<<min(attempt, 6))) * time.Millisecond
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

// refusesWrites tells whether err says that the server is read-only.
func refusesWrites(err error) bool {
	server, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && isReadOnly(server)
}

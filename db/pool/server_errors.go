package pool

import (
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"aiusage/usage"
)

// Numbers of server errors, from the MySQL Error Message Reference and MariaDB's list
// of error codes. Up to 1880 MariaDB and Dolt use the same as MySQL.
const (
	ErCheckRead        = 1020 // MariaDB: the row has changed since the snapshot
	ErConCount         = 1040 // too many connections
	ErAccessDenied     = 1045
	ErDBAccessDenied   = 1044
	ErUnknownCommand   = 1047 // Galera, for a node that is not in its cluster
	ErBadDB            = 1049
	ErServerShutdown   = 1053
	ErBadField         = 1054
	ErDupEntry         = 1062
	ErNoSuchTable      = 1146
	ErLockWaitTimeout  = 1205
	ErLockDeadlock     = 1213
	ErTooManyUserConns = 1203
	ErOptionPrevents   = 1290 // among them --read-only
	ErTableDefChanged  = 1412
	ErQueryInterrupted = 1317
	ErAutoincRead      = 1467 // MariaDB: undone for a deadlock over the next number
	ErReadOnlyTx       = 1792
	ErReadOnlyMode     = 1836
	ErRolledBack       = 3101 // by group replication, which found a conflict

	// Of an expression, and of a column.
	ErOutOfRange       = 1690
	ErOutOfRangeColumn = 1264
	// What MySQL says of an id that is too long. By its class it is a warning, though
	// the mode makes it an error.
	ErDataTruncated = 1265
	// A foreign key leads nowhere.
	ErNoReferencedRow = 1452

	// Why there can be no trigger, and what else is said about them.
	ErTriggerExists      = 1359
	ErNoSuchTrigger      = 1360
	ErUnknown            = 1105 // what the embedded engine says instead
	ErNotSupported       = 1235
	ErNotBaseTable       = 1347
	ErBinlogUnsafe       = 1419
	ErTableAccessDenied  = 1142
	ErSpecificDenied     = 1227
	ErTriggerOnSystem    = 1465
	ErParse              = 1064
	ErUnknownSystemVaria = 1193
)

// words are what an operator has to know about some errors of the server. Callers may
// read them, so they name no account, host or table; the cause, in the log, does.
type words struct {
	numbers []uint16
	code    usage.Code
	message string
	// passing: the server may take the same again in a moment.
	passing bool
}

var serverWords = []words{
	{[]uint16{ErConCount, ErTooManyUserConns}, usage.Unavailable,
		"the database takes no more connections at the moment", true},
	{[]uint16{1226}, usage.Unavailable,
		"the gateway's account has used up what the database allows it; raise the account's limits (MAX_USER_CONNECTIONS, MAX_QUERIES_PER_HOUR and their kin)", true},
	{[]uint16{ErServerShutdown, 1077, 1079, 1080, 1927, 3032, 3168, 3169, 4031}, usage.Unavailable,
		"the database is being shut down, or has ended the connection", true},
	{[]uint16{1129}, usage.Unavailable,
		"the database has blocked the gateway's host after too many failed connections; an administrator unblocks it with FLUSH HOSTS", false},
	{[]uint16{1130}, usage.Unavailable,
		"the database lets nobody in from the gateway's host; create the account for that host", false},
	{[]uint16{ErAccessDenied, 1698, 3879}, usage.Unavailable,
		"the database refuses the gateway's user name or password", false},
	{[]uint16{1820, 1862}, usage.Unavailable,
		"the password of the gateway's account has expired", false},
	{[]uint16{3118, 3955, 4150, 4151}, usage.Unavailable,
		"the gateway's account is locked in the database", false},
	{[]uint16{ErDBAccessDenied}, usage.Unavailable,
		"the gateway's account has no rights in the database that the DSN names, or there is no such database; an administrator has to grant them", false},
	{[]uint16{ErTableAccessDenied, 1143, ErSpecificDenied, 1370}, usage.Unavailable,
		"the gateway's account lacks a right in the database; it needs SELECT, INSERT, UPDATE and DELETE, and for the migrate command CREATE, DROP, ALTER, INDEX, REFERENCES and TRIGGER, too", false},
	{[]uint16{3159}, usage.Unavailable,
		"the database takes encrypted connections only; add tls=true to the DSN", false},
	{[]uint16{1251, 1275, 1524, 1156}, usage.Unavailable,
		"the database wants the gateway's account to sign in in a way that the gateway does not know; give the account another authentication plugin", false},
	{[]uint16{ErBadDB}, usage.Unavailable,
		"the database named in the DSN does not exist", false},
	{[]uint16{1184, 1152}, usage.Unavailable,
		"the database ended the connection at once; its init_connect may be failing", false},
	{[]uint16{ErUnknownSystemVaria, 1231, 1232, 1238, 1115, 1273, 1253}, usage.Unavailable,
		"the database does not take a parameter of the DSN, or a variable that the gateway sets", false},
	{[]uint16{ErNoSuchTable, 1051}, usage.Unavailable,
		"the database lacks a table of the gateway; run its migrate command", false},
	{[]uint16{1054}, usage.Unavailable,
		"a table or view of the gateway's in the database lacks a column", false},
	{[]uint16{1356, 1449}, usage.Unavailable,
		"a view that the gateway reads does not work: what it is made of, or the account that made it, is gone", false},
	// 1471 is MariaDB's, and 1348 MySQL's, for a view with an expression as its key.
	{[]uint16{1471, 1348, 1288, 1393, 1394, 1423}, usage.Unavailable,
		"what is to be written to is a view in the database, which takes no rows; write to the platform's own table", false},
	{readOnlyNumbers, usage.Unavailable,
		"the database is read-only, so nothing can be written", false},
	{[]uint16{ErOptionPrevents}, usage.Unavailable,
		"an option of the database's configuration forbids what the gateway asks for", false},
	{[]uint16{3, 1021, 1026, 1114, 1085}, usage.Unavailable,
		"the database has no room left: its disk, a table or a limit on them is full", false},
	{[]uint16{1030}, usage.Unavailable,
		"the database's storage engine has failed", false},
	{[]uint16{5, 1037, 1038, 1041, 1135, 1206, 1915}, usage.Unavailable,
		"the database has run out of memory", false},
	{[]uint16{1153}, usage.Unavailable,
		"a statement is larger than the database takes; raise its max_allowed_packet", false},
	{[]uint16{ErLockWaitTimeout, ErLockDeadlock, ErAutoincRead, ErCheckRead, ErRolledBack, 3572}, usage.Unavailable,
		"the database is busy with other writers", true},
	{[]uint16{ErTableDefChanged, 1615, 1684}, usage.Unavailable,
		"the tables of the database are being changed; try again", true},
	{[]uint16{ErUnknownCommand, 3100, 3796, 3797, 3798, 3799}, usage.Unavailable,
		"this node of the database's cluster is not ready, or has lost the others", true},
	{[]uint16{3098}, usage.Unavailable,
		"the replication of the database does not take the gateway's tables as they are; where all members of a group take writes, MySQL takes no tables whose foreign keys delete rows: give the group one primary", false},
	// 1969 is MariaDB's, and 3024 MySQL's, for a statement that took longer than it may.
	{[]uint16{ErQueryInterrupted, 1969, 3024}, usage.Timeout,
		"the database took too long to answer", false},
}

// readOnlyNumbers say that the server, or a schema or table of it, is read-only.
var readOnlyNumbers = []uint16{ErReadOnlyTx, ErReadOnlyMode, 1036, 1881, 3989}

// wordsOf returns the words for an error of the server, or nil.
func wordsOf(server *mysql.MySQLError) *words {
	number := server.Number
	switch {
	case isReadOnly(server):
		number = ErReadOnlyMode
	case number == ErUnknownCommand && !strings.Contains(server.Message, "WSREP"):
		return nil // a command of the protocol that the server does not know
	}
	for i := range serverWords {
		if slices.Contains(serverWords[i].numbers, number) {
			return &serverWords[i]
		}
	}
	return nil
}

// isReadOnly tells whether the server refuses to write. Of the many options that
// error 1290 may be about, the message names the one.
func isReadOnly(server *mysql.MySQLError) bool {
	return slices.Contains(readOnlyNumbers, server.Number) ||
		server.Number == ErOptionPrevents && (strings.Contains(server.Message, "read-only") || strings.Contains(server.Message, "read_only"))
}

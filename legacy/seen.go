package legacy

import (
	"errors"
	"net/http"

	"aiusage/failure"
	"aiusage/legacy/contract"
	"aiusage/legacy/request"
	"aiusage/usage"
)

// doorName is this door's name in metrics and the log.
const doorName = "legacy"

// seenAs names what a path asks for, with the names of this door only.
func seenAs(r request.Route) string {
	switch r.Kind {
	case request.Operation, request.Predefined:
		if r.Batch {
			return contract.OperationName + "[]"
		}
		return contract.OperationName
	case request.Authentication, request.AuthStatus:
		return contract.AuthenticateName
	case request.MetadataPage, request.MetadataLink, request.SchemaFile:
		return "metadata"
	}
	return ""
}

// codeOf returns the code of an error as GraphQL names it, so that all doors have the same.
// This door's own refusals have none, but a status.
func codeOf(err error) string {
	refused, isRefusal := errors.AsType[*contract.ErrorResponse](err)
	switch {
	case !isRefusal:
		return failure.GraphQLCode(usage.AsError(err).Code)
	case refused.Status == http.StatusNotFound:
		return failure.GraphQLCode(usage.NotFound)
	}
	return "BAD_REQUEST"
}

package legacy

import (
	"fmt"
	"net/http"

	"aiusage/legacy/contract"
)

// noSuchOperation is the answer at a predefined path of no operation (fact 22).
func noSuchOperation(name string) *contract.ErrorResponse {
	return &contract.ErrorResponse{
		Status: http.StatusMethodNotAllowed, Reason: "NotImplementedException", Code: "NotImplementedException",
		Message: fmt.Sprintf("The operation '%s' does not exist for this service", contract.Shorten(name, 100)),
	}
}

// methodNotAllowed is the answer to a verb that does not run the operation.
func methodNotAllowed(method string) *contract.ErrorResponse {
	return &contract.ErrorResponse{
		Status: http.StatusMethodNotAllowed, Reason: "NotSupportedException", Code: "NotSupportedException",
		Message: contract.Shorten(method, 100) + " does not run the operation",
		Header:  http.Header{"Allow": {"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"}},
	}
}

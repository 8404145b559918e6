package contract

import (
	"strings"

	"aiusage/usage"
)

// OperationName is the name of the one operation, AuthenticateName that of
// signing in.
const (
	OperationName    = "GetAIUsage"
	AuthenticateName = "Authenticate"
)

// The namespaces of the contract.
const (
	Namespace         = "http://schemas.datacontract.org/2004/07/Voice.Api.AI"
	InstanceNamespace = "http://www.w3.org/2001/XMLSchema-instance"
	ErrorNamespace    = "http://schemas.servicestack.net/types"
	ArraysNamespace   = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
)

// XMLDeclaration begins each document.
const XMLDeclaration = `<?xml version="1.0" encoding="utf-8"?>`

// Attributes stand on the root of an answer, in the old serializer's order.
const Attributes = ` xmlns:i="` + InstanceNamespace + `" xmlns="` + Namespace + `"`

// Names are the contract's names of the arguments, and the forms of dates
// that this door has besides.
var Names = usage.Names{
	Arguments: map[usage.Argument]string{
		usage.ArgAccountID: "AccountId", usage.ArgCustomerID: "CustomerId",
		usage.ArgStartDate: "StartDate", usage.ArgEndDate: "EndDate",
		usage.ArgAIMinutes: "AIMinutes",
	},
	DateForms: DotNetForms,
}

// DotNetForms are the date forms of this door beyond usage.DateForms, by example.
var DotNetForms = []string{
	"3/31/2026 (month first)",
	"3/31/2026 17:00:00 or 3/31/2026 5:00:00 PM",
	"2026/3/31, 31 Mar 2026 or March 31, 2026",
	"2026-03-31 17:00:00Z or Tue, 31 Mar 2026 17:00:00 GMT",
	"/Date(1774976400000)/ or /Date(1774976400000+0200)/",
}

// Lower folds ASCII letters only: the old host compared names ordinally, and a
// Kelvin sign is not a K.
func Lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

package gateway

import (
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// conditionalFields are the fields whose answer is the same as long as a validator is, each with
// the arguments of which that is true. A field or an argument that is not here makes no wrong
// answer: operations with it have no validator. Not among them are pages that go on from a
// cursor, since they may be of a report of before; lists to choose from, which are read from
// more than usage and names; single sessions, since two of them may change places under the same
// sums; what an answer was read from (plan), which may change without
// the answer; and comparisons with what has elapsed, which is more from one moment to the next.
var conditionalFields = map[string]string{
	"Query.aiUsage": "accountId customerId accountIds customerIds startDate endDate timeZone period range", "Query.viewer": "",
	"Query.node": "id", "Query.nodes": "ids", "Node.id": "",
	"AIUsage.id": "", "AIUsageTotals.id": "", "AIAccountUsage.id": "", "AICustomerUsage.id": "", "AIUsagePoint.id": "", "Account.id": "", "Customer.id": "",
	"Account.usage": "startDate endDate timeZone period range", "Customer.usage": "startDate endDate timeZone period range",
	"Viewer.id": "", "Viewer.name": "", "Viewer.roles": "", "Viewer.accounts": "",
	"AIUsage.from": "", "AIUsage.to": "", "AIUsage.timeZone": "", "AIUsage.asOf": "", "AIUsage.retainedFrom": "", "AIUsage.totals": "",
	"AIUsage.accountUsage": "filter include", "AIUsage.customerUsage": "filter include", "AIUsage.series": "granularity fillZero", "AIUsage.previous": "shift",
	"AIUsage.accountUsageConnection": "first last orderBy filter include", "AIUsage.customerUsageConnection": "first last orderBy filter include",
	"AIUsage.drivers": "first by of", "AIUsageDrivers.by": "", "AIUsageDrivers.of": "", "AIUsageDrivers.current": "", "AIUsageDrivers.previous": "",
	"AIUsageDrivers.change": "", "AIUsageDrivers.largest": "", "AIUsageDrivers.rest": "",
	"AIUsageDriver.account": "", "AIUsageDriver.customer": "", "AIUsageDriver.hour": "", "AIUsageDriver.weekday": "", "AIUsageDriver.status": "",
	"AIUsageDriver.current": "", "AIUsageDriver.previous": "", "AIUsageDriver.change": "",
	"AIUsageDriversRest.count": "", "AIUsageDriversRest.current": "", "AIUsageDriversRest.previous": "", "AIUsageDriversRest.change": "",
	"AIUsageTotals.aiMinutes": "", "AIUsageTotals.aiSeconds": "", "AIUsageTotals.sessions": "",
	"AIAccountUsage.accountId": "", "AIAccountUsage.account": "", "AIAccountUsage.minutes": "", "AIAccountUsage.aiMinutes": "", "AIAccountUsage.aiSeconds": "",
	"AIAccountUsage.sessions": "", "AIAccountUsage.withoutCustomer": "", "AIAccountUsage.customerUsage": "filter include",
	"AIAccountUsage.series": "granularity fillZero", "AIAccountUsage.previous": "shift", "AIAccountUsage.share": "of",
	"AICustomerUsage.accountId": "", "AICustomerUsage.account": "", "AICustomerUsage.customerId": "", "AICustomerUsage.customer": "",
	"AICustomerUsage.minutes": "", "AICustomerUsage.aiMinutes": "", "AICustomerUsage.aiSeconds": "", "AICustomerUsage.sessions": "",
	"AICustomerUsage.series": "granularity fillZero", "AICustomerUsage.previous": "shift", "AICustomerUsage.share": "of",
	"AIUsagePoint.from": "", "AIUsagePoint.to": "", "AIUsagePoint.partial": "",
	"AIUsagePoint.aiMinutes": "", "AIUsagePoint.aiSeconds": "", "AIUsagePoint.sessions": "",
	"AIAccountUsageConnection.edges": "", "AIAccountUsageConnection.nodes": "", "AIAccountUsageConnection.pageInfo": "", "AIAccountUsageConnection.totalCount": "",
	"AIAccountUsageEdge.cursor": "", "AIAccountUsageEdge.node": "",
	"AICustomerUsageConnection.edges": "", "AICustomerUsageConnection.nodes": "", "AICustomerUsageConnection.pageInfo": "", "AICustomerUsageConnection.totalCount": "",
	"AICustomerUsageEdge.cursor": "", "AICustomerUsageEdge.node": "",
	"PageInfo.hasNextPage": "", "PageInfo.hasPreviousPage": "", "PageInfo.startCursor": "", "PageInfo.endCursor": "",
	"Account.accountId": "", "Account.name": "", "Customer.accountId": "", "Customer.account": "", "Customer.customerId": "", "Customer.name": "",
}

// isConditional tells whether all that an operation selects is among conditionalFields.
func isConditional(operation *graphql.OperationContext) bool {
	return operation.Operation.Operation == ast.Query && areConditional(operation.Operation.SelectionSet)
}

func areConditional(selections ast.SelectionSet) bool {
	for _, selection := range selections {
		switch selection := selection.(type) {
		case *ast.Field:
			if selection.Name == "__typename" {
				continue
			}
			if selection.ObjectDefinition == nil {
				return false
			}
			arguments, known := conditionalFields[selection.ObjectDefinition.Name+"."+selection.Name]
			if !known || !areConditional(selection.SelectionSet) {
				return false
			}
			for _, given := range selection.Arguments {
				if !slices.Contains(strings.Fields(arguments), given.Name) {
					return false
				}
			}
		case *ast.InlineFragment:
			if !areConditional(selection.SelectionSet) {
				return false
			}
		case *ast.FragmentSpread:
			if selection.Definition == nil || !areConditional(selection.Definition.SelectionSet) {
				return false
			}
		}
	}
	return true
}

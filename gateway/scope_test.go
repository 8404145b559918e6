package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"aiusage/auth"
	"aiusage/db"
	"aiusage/gateway"
	"aiusage/graph"
	"aiusage/internal/dbtest"
	"aiusage/usage"
)

// sight is what the two principals who see something get for one field.
type sight struct {
	// query selects the field.
	query string
	// all is the data for a SystemAdministrator; own for an AccountAdministrator of
	// acc-1. asOf is replaced by NOW, and cursors by CURSOR.
	all, own string
	// none is the data for whoever may see no account, where that is not FORBIDDEN.
	none string
}

// sights has every field that can be asked for. When a field is added to the
// schema, it needs a row here that shows what each principal sees in it.
var sights = map[string]sight{
	"Query.aiUsage": {query: `{aiUsage{__typename}}`,
		all: `{"aiUsage":{"__typename":"AIUsage"}}`,
		own: `{"aiUsage":{"__typename":"AIUsage"}}`},
	"AIUsage.from": {query: `{aiUsage{from}}`,
		all: `{"aiUsage":{"from":null}}`,
		own: `{"aiUsage":{"from":null}}`},
	"AIUsage.to": {query: `{aiUsage{to}}`,
		all: `{"aiUsage":{"to":null}}`,
		own: `{"aiUsage":{"to":null}}`},
	"AIUsage.timeZone": {query: `{aiUsage{timeZone}}`,
		all: `{"aiUsage":{"timeZone":"UTC"}}`,
		own: `{"aiUsage":{"timeZone":"UTC"}}`},
	"AIUsage.asOf": {query: `{aiUsage{asOf}}`,
		all: `{"aiUsage":{"asOf":NOW}}`,
		own: `{"aiUsage":{"asOf":NOW}}`},
	"AIUsage.retainedFrom": {query: `{aiUsage{retainedFrom}}`,
		all: `{"aiUsage":{"retainedFrom":null}}`,
		own: `{"aiUsage":{"retainedFrom":null}}`},
	"AIUsage.totals": {query: `{aiUsage{totals{__typename}}}`,
		all: `{"aiUsage":{"totals":{"__typename":"AIUsageTotals"}}}`,
		own: `{"aiUsage":{"totals":{"__typename":"AIUsageTotals"}}}`},
	"AIUsage.accountUsage": {query: `{aiUsage{accountUsage{__typename}}}`,
		all: `{"aiUsage":{"accountUsage":[{"__typename":"AIAccountUsage"},{"__typename":"AIAccountUsage"}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"__typename":"AIAccountUsage"}]}}`},
	"AIUsage.customerUsage": {query: `{aiUsage{customerUsage{__typename}}}`,
		all: `{"aiUsage":{"customerUsage":[{"__typename":"AICustomerUsage"},{"__typename":"AICustomerUsage"}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"__typename":"AICustomerUsage"}]}}`},
	"AIUsageTotals.aiMinutes": {query: `{aiUsage{totals{aiMinutes}}}`,
		all: `{"aiUsage":{"totals":{"aiMinutes":4}}}`,
		own: `{"aiUsage":{"totals":{"aiMinutes":3}}}`},
	"AIUsageTotals.aiSeconds": {query: `{aiUsage{totals{aiSeconds}}}`,
		all: `{"aiUsage":{"totals":{"aiSeconds":131}}}`,
		own: `{"aiUsage":{"totals":{"aiSeconds":71}}}`},
	"AIUsageTotals.sessions": {query: `{aiUsage{totals{sessions}}}`,
		all: `{"aiUsage":{"totals":{"sessions":3}}}`,
		own: `{"aiUsage":{"totals":{"sessions":2}}}`},
	"AIAccountUsage.accountId": {query: `{aiUsage{accountUsage{accountId}}}`,
		all: `{"aiUsage":{"accountUsage":[{"accountId":"acc-1"},{"accountId":"acc-2"}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"accountId":"acc-1"}]}}`},
	"AIAccountUsage.aiMinutes": {query: `{aiUsage{accountUsage{aiMinutes}}}`,
		all: `{"aiUsage":{"accountUsage":[{"aiMinutes":3},{"aiMinutes":1}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"aiMinutes":3}]}}`},
	"AIAccountUsage.aiSeconds": {query: `{aiUsage{accountUsage{aiSeconds}}}`,
		all: `{"aiUsage":{"accountUsage":[{"aiSeconds":71},{"aiSeconds":60}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"aiSeconds":71}]}}`},
	"AIAccountUsage.sessions": {query: `{aiUsage{accountUsage{sessions}}}`,
		all: `{"aiUsage":{"accountUsage":[{"sessions":2},{"sessions":1}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"sessions":2}]}}`},
	"AIAccountUsage.withoutCustomer": {query: `{aiUsage{accountUsage{withoutCustomer{sessions}}}}`,
		all: `{"aiUsage":{"accountUsage":[{"withoutCustomer":{"sessions":1}},{"withoutCustomer":{"sessions":0}}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"withoutCustomer":{"sessions":1}}]}}`},
	"AICustomerUsage.accountId": {query: `{aiUsage{customerUsage{accountId}}}`,
		all: `{"aiUsage":{"customerUsage":[{"accountId":"acc-1"},{"accountId":"acc-2"}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"accountId":"acc-1"}]}}`},
	"AICustomerUsage.customerId": {query: `{aiUsage(customerId:"cus-1"){customerUsage{customerId}}}`,
		all: `{"aiUsage":{"customerUsage":[{"customerId":"cus-1"},{"customerId":"cus-1"}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"customerId":"cus-1"}]}}`},
	"AICustomerUsage.aiMinutes": {query: `{aiUsage{customerUsage{aiMinutes}}}`,
		all: `{"aiUsage":{"customerUsage":[{"aiMinutes":2},{"aiMinutes":1}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"aiMinutes":2}]}}`},
	"AICustomerUsage.aiSeconds": {query: `{aiUsage{customerUsage{aiSeconds}}}`,
		all: `{"aiUsage":{"customerUsage":[{"aiSeconds":61},{"aiSeconds":60}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"aiSeconds":61}]}}`},
	"AICustomerUsage.sessions": {query: `{aiUsage{customerUsage{sessions}}}`,
		all: `{"aiUsage":{"customerUsage":[{"sessions":1},{"sessions":1}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"sessions":1}]}}`},
	"AIAccountUsage.account": {query: `{aiUsage{accountUsage{account{name}}}}`,
		all: `{"aiUsage":{"accountUsage":[{"account":{"name":"Acme"}},{"account":{"name":null}}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"account":{"name":"Acme"}}]}}`},
	"AIAccountUsage.customerUsage": {query: `{aiUsage{accountUsage{customerUsage{customerId aiMinutes}}}}`,
		all: `{"aiUsage":{"accountUsage":[{"customerUsage":[{"customerId":"cus-1","aiMinutes":2}]},{"customerUsage":[{"customerId":"cus-1","aiMinutes":1}]}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"customerUsage":[{"customerId":"cus-1","aiMinutes":2}]}]}}`},
	"AIAccountUsage.series": {query: `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-02"){accountUsage{series(granularity:DAY){aiMinutes}}}}`,
		all: `{"aiUsage":{"accountUsage":[{"series":[{"aiMinutes":3},{"aiMinutes":0}]},{"series":[{"aiMinutes":0},{"aiMinutes":1}]}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"series":[{"aiMinutes":3},{"aiMinutes":0}]}]}}`},
	"AIAccountUsage.previous": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){accountUsage{previous{sessions}}}}`,
		all: `{"aiUsage":{"accountUsage":[{"previous":{"sessions":0}}]}}`,
		own: `{"aiUsage":{"accountUsage":[]}}`},
	"AIAccountUsage.share": {query: `{aiUsage{accountUsage{share}}}`,
		all: `{"aiUsage":{"accountUsage":[{"share":0.75},{"share":0.25}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"share":1}]}}`},
	"AICustomerUsage.account": {query: `{aiUsage{customerUsage{account{accountId name}}}}`,
		all: `{"aiUsage":{"customerUsage":[{"account":{"accountId":"acc-1","name":"Acme"}},{"account":{"accountId":"acc-2","name":null}}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"account":{"accountId":"acc-1","name":"Acme"}}]}}`},
	"AICustomerUsage.customer": {query: `{aiUsage{customerUsage{customer{customerId name}}}}`,
		all: `{"aiUsage":{"customerUsage":[{"customer":{"customerId":"cus-1","name":"Carla"}},{"customer":{"customerId":"cus-1","name":null}}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"customer":{"customerId":"cus-1","name":"Carla"}}]}}`},
	"AICustomerUsage.series": {query: `{aiUsage{customerUsage{series(granularity:MONTH,fillZero:false){sessions}}}}`,
		all: `{"aiUsage":{"customerUsage":[{"series":[{"sessions":1}]},{"series":[{"sessions":1}]}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"series":[{"sessions":1}]}]}}`},
	"AICustomerUsage.previous": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){customerUsage{previous{aiMinutes}}}}`,
		all: `{"aiUsage":{"customerUsage":[{"previous":{"aiMinutes":0}}]}}`,
		own: `{"aiUsage":{"customerUsage":[]}}`},
	"AICustomerUsage.share": {query: `{aiUsage{customerUsage{share(of:AI_SECONDS)}}}`,
		all: `{"aiUsage":{"customerUsage":[{"share":0.46564885496183206},{"share":0.4580152671755725}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"share":0.8591549295774648}]}}`},
	"AIUsage.series": {query: `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-02"){series(granularity:DAY){from aiMinutes}}}`,
		all: `{"aiUsage":{"series":[{"from":"2026-03-01T00:00:00Z","aiMinutes":3},{"from":"2026-03-02T00:00:00Z","aiMinutes":1}]}}`,
		own: `{"aiUsage":{"series":[{"from":"2026-03-01T00:00:00Z","aiMinutes":3},{"from":"2026-03-02T00:00:00Z","aiMinutes":0}]}}`},
	"AIUsage.previous": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){previous{totals{aiMinutes}}}}`,
		all: `{"aiUsage":{"previous":{"totals":{"aiMinutes":3}}}}`,
		own: `{"aiUsage":{"previous":{"totals":{"aiMinutes":3}}}}`},
	"AIAccountUsage.minutes": {query: `{aiUsage{accountUsage{minutes}}}`,
		all: `{"aiUsage":{"accountUsage":[{"minutes":3},{"minutes":1}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"minutes":3}]}}`},
	"AICustomerUsage.minutes": {query: `{aiUsage{customerUsage{minutes}}}`,
		all: `{"aiUsage":{"customerUsage":[{"minutes":2},{"minutes":1}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"minutes":2}]}}`},
	"AIUsage.compareTo": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){compareTo(startDate:"2026-03-01",endDate:"2026-03-02"){totals{aiMinutes} accountUsage{accountId}}}}`,
		all: `{"aiUsage":{"compareTo":{"totals":{"aiMinutes":4},"accountUsage":[{"accountId":"acc-1"},{"accountId":"acc-2"}]}}}`,
		own: `{"aiUsage":{"compareTo":{"totals":{"aiMinutes":3},"accountUsage":[{"accountId":"acc-1"}]}}}`},
	"AIAccountUsage.compareTo": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){accountUsage(include:BOTH){accountId compareTo{sessions}}}}`,
		all: `{"aiUsage":{"accountUsage":[{"accountId":"acc-1","compareTo":{"sessions":2}},{"accountId":"acc-2","compareTo":{"sessions":1}}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"accountId":"acc-1","compareTo":{"sessions":2}}]}}`},
	"AICustomerUsage.compareTo": {query: `{aiUsage(accountIds:["acc-1","acc-2"]){customerUsage{accountId compareTo(endDate:"2026-03-01"){sessions}}}}`,
		all: `{"aiUsage":{"customerUsage":[{"accountId":"acc-1","compareTo":{"sessions":1}},{"accountId":"acc-2","compareTo":{"sessions":0}}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"accountId":"acc-1","compareTo":{"sessions":1}}]}}`},
	"AIUsage.drivers": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(first:1,by:ACCOUNT){largest{account{accountId}} rest{count}}}}`,
		all: `{"aiUsage":{"drivers":{"largest":[{"account":{"accountId":"acc-1"}}],"rest":{"count":1}}}}`,
		own: `{"aiUsage":{"drivers":{"largest":[{"account":{"accountId":"acc-1"}}],"rest":{"count":0}}}}`},
	"AIUsageDrivers.by": {query: `{aiUsage(period:TODAY){drivers(by:WEEKDAY){by}}}`,
		all: `{"aiUsage":{"drivers":{"by":"WEEKDAY"}}}`,
		own: `{"aiUsage":{"drivers":{"by":"WEEKDAY"}}}`},
	"AIUsageDrivers.of": {query: `{aiUsage(period:TODAY){drivers(by:WEEKDAY,of:SESSIONS){of}}}`,
		all: `{"aiUsage":{"drivers":{"of":"SESSIONS"}}}`,
		own: `{"aiUsage":{"drivers":{"of":"SESSIONS"}}}`},
	"AIUsageDrivers.current": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(by:HOUR_OF_DAY){current}}}`,
		all: `{"aiUsage":{"drivers":{"current":1}}}`,
		own: `{"aiUsage":{"drivers":{"current":0}}}`},
	"AIUsageDrivers.previous": {query: `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-01"){drivers(by:CUSTOMER,compare:{endDate:"2026-03-02"}){previous}}}`,
		all: `{"aiUsage":{"drivers":{"previous":4}}}`,
		own: `{"aiUsage":{"drivers":{"previous":3}}}`},
	"AIUsageDrivers.change": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(first:0,by:WEEKDAY){change}}}`,
		all: `{"aiUsage":{"drivers":{"change":-2}}}`,
		own: `{"aiUsage":{"drivers":{"change":-3}}}`},
	"AIUsageDrivers.largest": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(by:ACCOUNT){largest{account{accountId} change}}}}`,
		all: `{"aiUsage":{"drivers":{"largest":[{"account":{"accountId":"acc-1"},"change":-3},{"account":{"accountId":"acc-2"},"change":1}]}}}`,
		own: `{"aiUsage":{"drivers":{"largest":[{"account":{"accountId":"acc-1"},"change":-3}]}}}`},
	"AIUsageDrivers.rest": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(first:0,by:ACCOUNT){rest{count change}}}}`,
		all: `{"aiUsage":{"drivers":{"rest":{"count":2,"change":-2}}}}`,
		own: `{"aiUsage":{"drivers":{"rest":{"count":1,"change":-3}}}}`},
	"AIUsageDriver.account": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(by:ACCOUNT){largest{account{name}}}}}`,
		all: `{"aiUsage":{"drivers":{"largest":[{"account":{"name":"Acme"}},{"account":{"name":null}}]}}}`,
		own: `{"aiUsage":{"drivers":{"largest":[{"account":{"name":"Acme"}}]}}}`},
	"AIUsageDriver.customer": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(by:CUSTOMER){largest{account{accountId} customer{customerId name}}}}}`,
		all: `{"aiUsage":{"drivers":{"largest":[{"account":{"accountId":"acc-1"},"customer":{"customerId":"cus-1","name":"Carla"}},{"account":{"accountId":"acc-1"},"customer":null},{"account":{"accountId":"acc-2"},"customer":{"customerId":"cus-1","name":null}}]}}}`,
		own: `{"aiUsage":{"drivers":{"largest":[{"account":{"accountId":"acc-1"},"customer":{"customerId":"cus-1","name":"Carla"}},{"account":{"accountId":"acc-1"},"customer":null}]}}}`},
	"AIUsageDriver.hour": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(by:HOUR_OF_DAY){largest{hour change}}}}`,
		all: `{"aiUsage":{"drivers":{"largest":[{"hour":12,"change":-2}]}}}`,
		own: `{"aiUsage":{"drivers":{"largest":[{"hour":12,"change":-3}]}}}`},
	"AIUsageDriver.weekday": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(by:WEEKDAY){largest{weekday change}}}}`,
		all: `{"aiUsage":{"drivers":{"largest":[{"weekday":"SUNDAY","change":-3},{"weekday":"MONDAY","change":1}]}}}`,
		own: `{"aiUsage":{"drivers":{"largest":[{"weekday":"SUNDAY","change":-3}]}}}`},
	"AIUsageDriver.status": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(by:ACCOUNT){largest{status}}}}`,
		all: `{"aiUsage":{"drivers":{"largest":[{"status":"STOPPED"},{"status":"BEGUN"}]}}}`,
		own: `{"aiUsage":{"drivers":{"largest":[{"status":"STOPPED"}]}}}`},
	"AIUsageDriver.current": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(by:ACCOUNT){largest{current}}}}`,
		all: `{"aiUsage":{"drivers":{"largest":[{"current":0},{"current":1}]}}}`,
		own: `{"aiUsage":{"drivers":{"largest":[{"current":0}]}}}`},
	"AIUsageDriver.previous": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(by:ACCOUNT,of:AI_SECONDS){largest{previous}}}}`,
		all: `{"aiUsage":{"drivers":{"largest":[{"previous":71},{"previous":0}]}}}`,
		own: `{"aiUsage":{"drivers":{"largest":[{"previous":71}]}}}`},
	"AIUsageDriver.change": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(by:ACCOUNT,of:SESSIONS){largest{change}}}}`,
		all: `{"aiUsage":{"drivers":{"largest":[{"change":-2},{"change":1}]}}}`,
		own: `{"aiUsage":{"drivers":{"largest":[{"change":-2}]}}}`},
	"AIUsageDriversRest.count": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(first:1,by:CUSTOMER){rest{count}}}}`,
		all: `{"aiUsage":{"drivers":{"rest":{"count":2}}}}`,
		own: `{"aiUsage":{"drivers":{"rest":{"count":1}}}}`},
	"AIUsageDriversRest.current": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(first:1,by:CUSTOMER){rest{current}}}}`,
		all: `{"aiUsage":{"drivers":{"rest":{"current":1}}}}`,
		own: `{"aiUsage":{"drivers":{"rest":{"current":0}}}}`},
	"AIUsageDriversRest.previous": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(first:0,by:CUSTOMER,of:SESSIONS){rest{previous}}}}`,
		all: `{"aiUsage":{"drivers":{"rest":{"previous":2}}}}`,
		own: `{"aiUsage":{"drivers":{"rest":{"previous":2}}}}`},
	"AIUsageDriversRest.change": {query: `{aiUsage(startDate:"2026-03-02",endDate:"2026-03-02"){drivers(first:1,by:CUSTOMER){rest{change}}}}`,
		all: `{"aiUsage":{"drivers":{"rest":{"change":0}}}}`,
		own: `{"aiUsage":{"drivers":{"rest":{"change":-1}}}}`},
	"AIUsage.sessionsConnection": {query: `{aiUsage{sessionsConnection{nodes{account{accountId} aiMinutes}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"nodes":[{"account":{"accountId":"acc-1"},"aiMinutes":2},{"account":{"accountId":"acc-1"},"aiMinutes":1},{"account":{"accountId":"acc-2"},"aiMinutes":1}]}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"nodes":[{"account":{"accountId":"acc-1"},"aiMinutes":2},{"account":{"accountId":"acc-1"},"aiMinutes":1}]}}}`},
	"AIAccountUsage.sessionsConnection": {query: `{aiUsage{accountUsage{sessionsConnection(last:1){nodes{account{accountId} durationSeconds}}}}}`,
		all: `{"aiUsage":{"accountUsage":[{"sessionsConnection":{"nodes":[{"account":{"accountId":"acc-1"},"durationSeconds":10}]}},{"sessionsConnection":{"nodes":[{"account":{"accountId":"acc-2"},"durationSeconds":60}]}}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"sessionsConnection":{"nodes":[{"account":{"accountId":"acc-1"},"durationSeconds":10}]}}]}}`},
	"AICustomerUsage.sessionsConnection": {query: `{aiUsage{customerUsage{sessionsConnection{nodes{account{accountId} customer{customerId}}}}}}`,
		all: `{"aiUsage":{"customerUsage":[{"sessionsConnection":{"nodes":[{"account":{"accountId":"acc-1"},"customer":{"customerId":"cus-1"}}]}},{"sessionsConnection":{"nodes":[{"account":{"accountId":"acc-2"},"customer":{"customerId":"cus-1"}}]}}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"sessionsConnection":{"nodes":[{"account":{"accountId":"acc-1"},"customer":{"customerId":"cus-1"}}]}}]}}`},
	"AIUsagePoint.sessionsConnection": {query: `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-02"){series(granularity:DAY){sessionsConnection{nodes{account{accountId}}}}}}`,
		all: `{"aiUsage":{"series":[{"sessionsConnection":{"nodes":[{"account":{"accountId":"acc-1"}},{"account":{"accountId":"acc-1"}}]}},{"sessionsConnection":{"nodes":[{"account":{"accountId":"acc-2"}}]}}]}}`,
		own: `{"aiUsage":{"series":[{"sessionsConnection":{"nodes":[{"account":{"accountId":"acc-1"}},{"account":{"accountId":"acc-1"}}]}},{"sessionsConnection":{"nodes":[]}}]}}`},
	"AISessionConnection.edges": {query: `{aiUsage{sessionsConnection{edges{node{durationSeconds}}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"edges":[{"node":{"durationSeconds":61}},{"node":{"durationSeconds":10}},{"node":{"durationSeconds":60}}]}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"edges":[{"node":{"durationSeconds":61}},{"node":{"durationSeconds":10}}]}}}`},
	"AISessionConnection.nodes": {query: `{aiUsage{sessionsConnection{nodes{durationSeconds}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"nodes":[{"durationSeconds":61},{"durationSeconds":10},{"durationSeconds":60}]}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"nodes":[{"durationSeconds":61},{"durationSeconds":10}]}}}`},
	"AISessionEdge.cursor": {query: `{aiUsage{sessionsConnection{edges{cursor}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"edges":[{"cursor":CURSOR},{"cursor":CURSOR},{"cursor":CURSOR}]}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"edges":[{"cursor":CURSOR},{"cursor":CURSOR}]}}}`},
	"AISessionEdge.node": {query: `{aiUsage{sessionsConnection{edges{node{aiMinutes}}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"edges":[{"node":{"aiMinutes":2}},{"node":{"aiMinutes":1}},{"node":{"aiMinutes":1}}]}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"edges":[{"node":{"aiMinutes":2}},{"node":{"aiMinutes":1}}]}}}`},
	"AISession.id": {query: `{aiUsage{sessionsConnection{nodes{id}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"nodes":[{"id":"AXMABWFjYy0xATE"},{"id":"AXMABWFjYy0xATI"},{"id":"AXMABWFjYy0yATM"}]}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"nodes":[{"id":"AXMABWFjYy0xATE"},{"id":"AXMABWFjYy0xATI"}]}}}`},
	"AISession.sessionId": {query: `{aiUsage{sessionsConnection{nodes{sessionId}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"nodes":[{"sessionId":"1"},{"sessionId":"2"},{"sessionId":"3"}]}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"nodes":[{"sessionId":"1"},{"sessionId":"2"}]}}}`},
	"AISession.account": {query: `{aiUsage{sessionsConnection{nodes{account{name}}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"nodes":[{"account":{"name":"Acme"}},{"account":{"name":"Acme"}},{"account":{"name":null}}]}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"nodes":[{"account":{"name":"Acme"}},{"account":{"name":"Acme"}}]}}}`},
	"AISession.customer": {query: `{aiUsage{sessionsConnection{nodes{customer{name}}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"nodes":[{"customer":{"name":"Carla"}},{"customer":null},{"customer":{"name":null}}]}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"nodes":[{"customer":{"name":"Carla"}},{"customer":null}]}}}`},
	"AISession.startedAt": {query: `{aiUsage{sessionsConnection{nodes{startedAt}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"nodes":[{"startedAt":"2026-03-01T12:00:00Z"},{"startedAt":"2026-03-01T12:00:00Z"},{"startedAt":"2026-03-02T12:00:00Z"}]}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"nodes":[{"startedAt":"2026-03-01T12:00:00Z"},{"startedAt":"2026-03-01T12:00:00Z"}]}}}`},
	"AISession.durationSeconds": {query: `{aiUsage{sessionsConnection{nodes{durationSeconds}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"nodes":[{"durationSeconds":61},{"durationSeconds":10},{"durationSeconds":60}]}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"nodes":[{"durationSeconds":61},{"durationSeconds":10}]}}}`},
	"AISession.aiMinutes": {query: `{aiUsage{sessionsConnection{nodes{aiMinutes}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"nodes":[{"aiMinutes":2},{"aiMinutes":1},{"aiMinutes":1}]}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"nodes":[{"aiMinutes":2},{"aiMinutes":1}]}}}`},
	"AISession.roundedUpSeconds": {query: `{aiUsage{sessionsConnection{nodes{roundedUpSeconds}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"nodes":[{"roundedUpSeconds":59},{"roundedUpSeconds":50},{"roundedUpSeconds":0}]}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"nodes":[{"roundedUpSeconds":59},{"roundedUpSeconds":50}]}}}`},
	"AISessionConnection.pageInfo": {query: `{aiUsage{sessionsConnection(first:2){pageInfo{hasNextPage}}}}`,
		all: `{"aiUsage":{"sessionsConnection":{"pageInfo":{"hasNextPage":true}}}}`,
		own: `{"aiUsage":{"sessionsConnection":{"pageInfo":{"hasNextPage":false}}}}`},
	"AIUsage.plan": {query: `{aiUsage{plan{__typename}}}`,
		all: `{"aiUsage":{"plan":{"__typename":"AIUsagePlan"}}}`,
		own: `{"aiUsage":{"plan":{"__typename":"AIUsagePlan"}}}`},
	"AIUsage.accountUsageConnection": {query: `{aiUsage{accountUsageConnection(orderBy:{field:AI_MINUTES,direction:DESC}){nodes{accountId}}}}`,
		all: `{"aiUsage":{"accountUsageConnection":{"nodes":[{"accountId":"acc-1"},{"accountId":"acc-2"}]}}}`,
		own: `{"aiUsage":{"accountUsageConnection":{"nodes":[{"accountId":"acc-1"}]}}}`},
	"AIUsage.customerUsageConnection": {query: `{aiUsage{customerUsageConnection(orderBy:{field:AI_MINUTES}){nodes{accountId}}}}`,
		all: `{"aiUsage":{"customerUsageConnection":{"nodes":[{"accountId":"acc-2"},{"accountId":"acc-1"}]}}}`,
		own: `{"aiUsage":{"customerUsageConnection":{"nodes":[{"accountId":"acc-1"}]}}}`},
	"AIAccountUsageConnection.edges": {query: `{aiUsage{accountUsageConnection{edges{node{accountId}}}}}`,
		all: `{"aiUsage":{"accountUsageConnection":{"edges":[{"node":{"accountId":"acc-1"}},{"node":{"accountId":"acc-2"}}]}}}`,
		own: `{"aiUsage":{"accountUsageConnection":{"edges":[{"node":{"accountId":"acc-1"}}]}}}`},
	"AIAccountUsageConnection.nodes": {query: `{aiUsage{accountUsageConnection(last:1){nodes{accountId}}}}`,
		all: `{"aiUsage":{"accountUsageConnection":{"nodes":[{"accountId":"acc-2"}]}}}`,
		own: `{"aiUsage":{"accountUsageConnection":{"nodes":[{"accountId":"acc-1"}]}}}`},
	"AIAccountUsageConnection.pageInfo": {query: `{aiUsage{accountUsageConnection(first:1){pageInfo{hasNextPage}}}}`,
		all: `{"aiUsage":{"accountUsageConnection":{"pageInfo":{"hasNextPage":true}}}}`,
		own: `{"aiUsage":{"accountUsageConnection":{"pageInfo":{"hasNextPage":false}}}}`},
	"AIAccountUsageConnection.totalCount": {query: `{aiUsage{accountUsageConnection{totalCount}}}`,
		all: `{"aiUsage":{"accountUsageConnection":{"totalCount":2}}}`,
		own: `{"aiUsage":{"accountUsageConnection":{"totalCount":1}}}`},
	"AIAccountUsageEdge.cursor": {query: `{aiUsage{accountUsageConnection{edges{cursor}}}}`,
		all: `{"aiUsage":{"accountUsageConnection":{"edges":[{"cursor":CURSOR},{"cursor":CURSOR}]}}}`,
		own: `{"aiUsage":{"accountUsageConnection":{"edges":[{"cursor":CURSOR}]}}}`},
	"AIAccountUsageEdge.node": {query: `{aiUsage{accountUsageConnection{edges{node{aiMinutes}}}}}`,
		all: `{"aiUsage":{"accountUsageConnection":{"edges":[{"node":{"aiMinutes":3}},{"node":{"aiMinutes":1}}]}}}`,
		own: `{"aiUsage":{"accountUsageConnection":{"edges":[{"node":{"aiMinutes":3}}]}}}`},
	"AICustomerUsageConnection.edges": {query: `{aiUsage{customerUsageConnection{edges{node{accountId}}}}}`,
		all: `{"aiUsage":{"customerUsageConnection":{"edges":[{"node":{"accountId":"acc-1"}},{"node":{"accountId":"acc-2"}}]}}}`,
		own: `{"aiUsage":{"customerUsageConnection":{"edges":[{"node":{"accountId":"acc-1"}}]}}}`},
	"AICustomerUsageConnection.nodes": {query: `{aiUsage{customerUsageConnection(last:1){nodes{accountId}}}}`,
		all: `{"aiUsage":{"customerUsageConnection":{"nodes":[{"accountId":"acc-2"}]}}}`,
		own: `{"aiUsage":{"customerUsageConnection":{"nodes":[{"accountId":"acc-1"}]}}}`},
	"AICustomerUsageConnection.pageInfo": {query: `{aiUsage{customerUsageConnection(first:1){pageInfo{hasNextPage}}}}`,
		all: `{"aiUsage":{"customerUsageConnection":{"pageInfo":{"hasNextPage":true}}}}`,
		own: `{"aiUsage":{"customerUsageConnection":{"pageInfo":{"hasNextPage":false}}}}`},
	"AICustomerUsageConnection.totalCount": {query: `{aiUsage{customerUsageConnection{totalCount}}}`,
		all: `{"aiUsage":{"customerUsageConnection":{"totalCount":2}}}`,
		own: `{"aiUsage":{"customerUsageConnection":{"totalCount":1}}}`},
	"AICustomerUsageEdge.cursor": {query: `{aiUsage{customerUsageConnection{edges{cursor}}}}`,
		all: `{"aiUsage":{"customerUsageConnection":{"edges":[{"cursor":CURSOR},{"cursor":CURSOR}]}}}`,
		own: `{"aiUsage":{"customerUsageConnection":{"edges":[{"cursor":CURSOR}]}}}`},
	"AICustomerUsageEdge.node": {query: `{aiUsage{customerUsageConnection{edges{node{aiMinutes}}}}}`,
		all: `{"aiUsage":{"customerUsageConnection":{"edges":[{"node":{"aiMinutes":2}},{"node":{"aiMinutes":1}}]}}}`,
		own: `{"aiUsage":{"customerUsageConnection":{"edges":[{"node":{"aiMinutes":2}}]}}}`},
	"AIUsagePoint.from": {query: `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-02"){series(granularity:DAY){from}}}`,
		all: `{"aiUsage":{"series":[{"from":"2026-03-01T00:00:00Z"},{"from":"2026-03-02T00:00:00Z"}]}}`,
		own: `{"aiUsage":{"series":[{"from":"2026-03-01T00:00:00Z"},{"from":"2026-03-02T00:00:00Z"}]}}`},
	"AIUsagePoint.to": {query: `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-02"){series(granularity:DAY){to}}}`,
		all: `{"aiUsage":{"series":[{"to":"2026-03-02T00:00:00Z"},{"to":"2026-03-03T00:00:00Z"}]}}`,
		own: `{"aiUsage":{"series":[{"to":"2026-03-02T00:00:00Z"},{"to":"2026-03-03T00:00:00Z"}]}}`},
	"AIUsagePoint.partial": {query: `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-02"){series(granularity:DAY){partial}}}`,
		all: `{"aiUsage":{"series":[{"partial":false},{"partial":false}]}}`,
		own: `{"aiUsage":{"series":[{"partial":false},{"partial":false}]}}`},
	"AIUsagePoint.aiMinutes": {query: `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-02"){series(granularity:DAY,fillZero:false){aiMinutes}}}`,
		all: `{"aiUsage":{"series":[{"aiMinutes":3},{"aiMinutes":1}]}}`,
		own: `{"aiUsage":{"series":[{"aiMinutes":3}]}}`},
	"AIUsagePoint.aiSeconds": {query: `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-02"){series(granularity:DAY,fillZero:false){aiSeconds}}}`,
		all: `{"aiUsage":{"series":[{"aiSeconds":71},{"aiSeconds":60}]}}`,
		own: `{"aiUsage":{"series":[{"aiSeconds":71}]}}`},
	"AIUsagePoint.sessions": {query: `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-02"){series(granularity:DAY,fillZero:false){sessions}}}`,
		all: `{"aiUsage":{"series":[{"sessions":2},{"sessions":1}]}}`,
		own: `{"aiUsage":{"series":[{"sessions":2}]}}`},
	"AIUsagePlan.source": {query: `{aiUsage(startDate:"2026-03-01T12:00:00Z",endDate:"2026-03-01T12:30:00Z"){plan{source}}}`,
		all: `{"aiUsage":{"plan":{"source":"SESSIONS"}}}`,
		own: `{"aiUsage":{"plan":{"source":"SESSIONS"}}}`},
	"AIUsagePlan.pieces": {query: `{aiUsage(startDate:"2026-03-01T12:00:00Z",endDate:"2026-03-01T12:30:00Z"){plan{pieces{grain}}}}`,
		all: `{"aiUsage":{"plan":{"pieces":[]}}}`,
		own: `{"aiUsage":{"plan":{"pieces":[]}}}`},
	"AIUsagePlan.level": {query: `{aiUsage(startDate:"2026-03-01T12:00:00Z",endDate:"2026-03-01T12:30:00Z"){plan{level}}}`,
		all: `{"aiUsage":{"plan":{"level":"EVERYBODY"}}}`,
		own: `{"aiUsage":{"plan":{"level":"ACCOUNT"}}}`},
	"AIUsagePlan.kept": {query: `{aiUsage(startDate:"2026-03-01T12:00:00Z",endDate:"2026-03-01T12:30:00Z"){plan{kept{from}}}}`,
		all: `{"aiUsage":{"plan":{"kept":[]}}}`,
		own: `{"aiUsage":{"plan":{"kept":[]}}}`},
	"AIUsageSpan.sign": {query: `{aiUsage(startDate:"2026-03-01T12:00:00Z",endDate:"2026-03-01T12:30:00Z"){plan{sessions{sign}}}}`,
		all: `{"aiUsage":{"plan":{"sessions":[{"sign":1}]}}}`,
		own: `{"aiUsage":{"plan":{"sessions":[{"sign":1}]}}}`},
	"AIUsagePlanPiece.sign": {query: `{aiUsage(startDate:"2026-03-01T12:00:00Z",endDate:"2026-03-01T12:30:00Z"){plan{pieces{sign}}}}`,
		all: `{"aiUsage":{"plan":{"pieces":[]}}}`,
		own: `{"aiUsage":{"plan":{"pieces":[]}}}`},
	"AIUsagePlanPiece.timeZone": {query: `{aiUsage(startDate:"2026-03-01T12:00:00Z",endDate:"2026-03-01T12:30:00Z"){plan{pieces{timeZone}}}}`,
		all: `{"aiUsage":{"plan":{"pieces":[]}}}`,
		own: `{"aiUsage":{"plan":{"pieces":[]}}}`},
	"AIUsagePlan.sessions": {query: `{aiUsage(startDate:"2026-03-01T12:00:00Z",endDate:"2026-03-01T12:30:00Z"){plan{sessions{from}}}}`,
		all: `{"aiUsage":{"plan":{"sessions":[{"from":"2026-03-01T12:00:00Z"}]}}}`,
		own: `{"aiUsage":{"plan":{"sessions":[{"from":"2026-03-01T12:00:00Z"}]}}}`},
	"AIUsageSpan.from": {query: `{aiUsage(startDate:"2026-03-01T12:00:00Z",endDate:"2026-03-01T12:30:00Z"){plan{sessions{from}}}}`,
		all: `{"aiUsage":{"plan":{"sessions":[{"from":"2026-03-01T12:00:00Z"}]}}}`,
		own: `{"aiUsage":{"plan":{"sessions":[{"from":"2026-03-01T12:00:00Z"}]}}}`},
	"AIUsageSpan.to": {query: `{aiUsage(startDate:"2026-03-01T12:00:00Z",endDate:"2026-03-01T12:30:00Z"){plan{sessions{to}}}}`,
		all: `{"aiUsage":{"plan":{"sessions":[{"to":"2026-03-01T12:30:00Z"}]}}}`,
		own: `{"aiUsage":{"plan":{"sessions":[{"to":"2026-03-01T12:30:00Z"}]}}}`},
	"AIUsagePlanPiece.grain": {query: `{aiUsage(startDate:"2026-03-01T12:00:00Z",endDate:"2026-03-01T12:30:00Z"){plan{pieces{grain}}}}`,
		all: `{"aiUsage":{"plan":{"pieces":[]}}}`,
		own: `{"aiUsage":{"plan":{"pieces":[]}}}`},
	"AIUsagePlanPiece.from": {query: `{aiUsage(startDate:"2026-03-01T12:00:00Z",endDate:"2026-03-01T12:30:00Z"){plan{pieces{from}}}}`,
		all: `{"aiUsage":{"plan":{"pieces":[]}}}`,
		own: `{"aiUsage":{"plan":{"pieces":[]}}}`},
	"AIUsagePlanPiece.to": {query: `{aiUsage(startDate:"2026-03-01T12:00:00Z",endDate:"2026-03-01T12:30:00Z"){plan{pieces{to}}}}`,
		all: `{"aiUsage":{"plan":{"pieces":[]}}}`,
		own: `{"aiUsage":{"plan":{"pieces":[]}}}`},
	"PageInfo.hasNextPage": {query: `{accounts(first:1){pageInfo{hasNextPage}}}`,
		all: `{"accounts":{"pageInfo":{"hasNextPage":true}}}`,
		own: `{"accounts":{"pageInfo":{"hasNextPage":false}}}`},
	"PageInfo.hasPreviousPage": {query: `{accounts(first:1){pageInfo{hasPreviousPage}}}`,
		all: `{"accounts":{"pageInfo":{"hasPreviousPage":false}}}`,
		own: `{"accounts":{"pageInfo":{"hasPreviousPage":false}}}`},
	"PageInfo.startCursor": {query: `{accounts(search:"acc-2"){pageInfo{startCursor}}}`,
		all: `{"accounts":{"pageInfo":{"startCursor":CURSOR}}}`,
		own: `{"accounts":{"pageInfo":{"startCursor":null}}}`},
	"PageInfo.endCursor": {query: `{accounts(search:"acc-2"){pageInfo{endCursor}}}`,
		all: `{"accounts":{"pageInfo":{"endCursor":CURSOR}}}`,
		own: `{"accounts":{"pageInfo":{"endCursor":null}}}`},
	"Query.accounts": {query: `{accounts(search:"acc"){__typename}}`,
		all: `{"accounts":{"__typename":"AccountConnection"}}`,
		own: `{"accounts":{"__typename":"AccountConnection"}}`},
	"AccountConnection.edges": {query: `{accounts{edges{node{accountId}}}}`,
		all: `{"accounts":{"edges":[{"node":{"accountId":"acc-1"}},{"node":{"accountId":"acc-2"}}]}}`,
		own: `{"accounts":{"edges":[{"node":{"accountId":"acc-1"}}]}}`},
	"AccountConnection.nodes": {query: `{accounts(search:"acc-2"){nodes{accountId}}}`,
		all: `{"accounts":{"nodes":[{"accountId":"acc-2"}]}}`,
		own: `{"accounts":{"nodes":[]}}`},
	"AccountConnection.pageInfo": {query: `{accounts(last:1){pageInfo{hasPreviousPage}}}`,
		all: `{"accounts":{"pageInfo":{"hasPreviousPage":true}}}`,
		own: `{"accounts":{"pageInfo":{"hasPreviousPage":false}}}`},
	"AccountEdge.cursor": {query: `{accounts{edges{cursor}}}`,
		all: `{"accounts":{"edges":[{"cursor":CURSOR},{"cursor":CURSOR}]}}`,
		own: `{"accounts":{"edges":[{"cursor":CURSOR}]}}`},
	"AccountEdge.node": {query: `{accounts(search:"aCM"){edges{node{name}}}}`,
		all: `{"accounts":{"edges":[{"node":{"name":"Acme"}}]}}`,
		own: `{"accounts":{"edges":[{"node":{"name":"Acme"}}]}}`},
	"Account.accountId": {query: `{accounts{nodes{accountId}}}`,
		all: `{"accounts":{"nodes":[{"accountId":"acc-1"},{"accountId":"acc-2"}]}}`,
		own: `{"accounts":{"nodes":[{"accountId":"acc-1"}]}}`},
	"Account.name": {query: `{accounts{nodes{name}}}`,
		all: `{"accounts":{"nodes":[{"name":"Acme"},{"name":null}]}}`,
		own: `{"accounts":{"nodes":[{"name":"Acme"}]}}`},
	"Query.customers": {query: `{customers(search:"cus"){__typename}}`,
		all: `{"customers":{"__typename":"CustomerConnection"}}`,
		own: `{"customers":{"__typename":"CustomerConnection"}}`},
	"CustomerConnection.edges": {query: `{customers{edges{node{accountId}}}}`,
		all: `{"customers":{"edges":[{"node":{"accountId":"acc-1"}},{"node":{"accountId":"acc-2"}}]}}`,
		own: `{"customers":{"edges":[{"node":{"accountId":"acc-1"}}]}}`},
	"CustomerConnection.nodes": {query: `{customers(last:1){nodes{accountId}}}`,
		all: `{"customers":{"nodes":[{"accountId":"acc-2"}]}}`,
		own: `{"customers":{"nodes":[{"accountId":"acc-1"}]}}`},
	"CustomerConnection.pageInfo": {query: `{customers(first:1){pageInfo{hasNextPage}}}`,
		all: `{"customers":{"pageInfo":{"hasNextPage":true}}}`,
		own: `{"customers":{"pageInfo":{"hasNextPage":false}}}`},
	"CustomerEdge.cursor": {query: `{customers{edges{cursor}}}`,
		all: `{"customers":{"edges":[{"cursor":CURSOR},{"cursor":CURSOR}]}}`,
		own: `{"customers":{"edges":[{"cursor":CURSOR}]}}`},
	"CustomerEdge.node": {query: `{customers(search:"CARL"){edges{node{customerId}}}}`,
		all: `{"customers":{"edges":[{"node":{"customerId":"cus-1"}}]}}`,
		own: `{"customers":{"edges":[{"node":{"customerId":"cus-1"}}]}}`},
	"Customer.accountId": {query: `{customers{nodes{accountId}}}`,
		all: `{"customers":{"nodes":[{"accountId":"acc-1"},{"accountId":"acc-2"}]}}`,
		own: `{"customers":{"nodes":[{"accountId":"acc-1"}]}}`},
	"Customer.account": {query: `{customers{nodes{account{name}}}}`,
		all: `{"customers":{"nodes":[{"account":{"name":"Acme"}},{"account":{"name":null}}]}}`,
		own: `{"customers":{"nodes":[{"account":{"name":"Acme"}}]}}`},
	"Customer.customerId": {query: `{customers(search:"cus-1"){nodes{customerId}}}`,
		all: `{"customers":{"nodes":[{"customerId":"cus-1"},{"customerId":"cus-1"}]}}`,
		own: `{"customers":{"nodes":[{"customerId":"cus-1"}]}}`},
	"Customer.name": {query: `{customers{nodes{name}}}`,
		all: `{"customers":{"nodes":[{"name":"Carla"},{"name":null}]}}`,
		own: `{"customers":{"nodes":[{"name":"Carla"}]}}`},
	"Query.viewer": {query: `{viewer{__typename}}`,
		all:  `{"viewer":{"__typename":"Viewer"}}`,
		own:  `{"viewer":{"__typename":"Viewer"}}`,
		none: `{"viewer":{"__typename":"Viewer"}}`},
	"Viewer.id": {query: `{node(id:"AXYAA2Fubg"){...on Viewer{id name}}}`,
		all: `{"node":null}`,
		own: `{"node":{"id":"AXYAA2Fubg","name":"ann"}}`},
	"Viewer.roles": {query: `{viewer{roles}}`,
		all:  `{"viewer":{"roles":["SystemAdministrator"]}}`,
		own:  `{"viewer":{"roles":["AccountAdministrator"]}}`,
		none: `{"viewer":{"roles":ROLES}}`},
	"Viewer.name": {query: `{viewer{name}}`,
		all:  `{"viewer":{"name":"ada"}}`,
		own:  `{"viewer":{"name":"ann"}}`,
		none: `{"viewer":{"name":USER}}`},
	"Viewer.accounts": {query: `{viewer{accounts{accountId name}}}`,
		all:  `{"viewer":{"accounts":null}}`,
		own:  `{"viewer":{"accounts":[{"accountId":"acc-1","name":"Acme"}]}}`,
		none: `{"viewer":{"accounts":[]}}`},
	"AIUsage.id": {query: `{aiUsage{id}}`,
		all: `{"aiUsage":{"id":"AXIAA1VUQwAAAAAA"}}`,
		own: `{"aiUsage":{"id":"AXIAA1VUQwAAAAAA"}}`},
	"AIUsageTotals.id": {query: `{aiUsage{totals{id} accountUsage{withoutCustomer{id}}}}`,
		all: `{"aiUsage":{"totals":{"id":"AXQAA1VUQwAAAAAA"},"accountUsage":[{"withoutCustomer":{"id":"AXcAA1VUQwAAAAAABWFjYy0x"}},{"withoutCustomer":{"id":"AXcAA1VUQwAAAAAABWFjYy0y"}}]}}`,
		own: `{"aiUsage":{"totals":{"id":"AXQAA1VUQwAAAAAA"},"accountUsage":[{"withoutCustomer":{"id":"AXcAA1VUQwAAAAAABWFjYy0x"}}]}}`},
	"AIAccountUsage.id": {query: `{aiUsage{accountUsage{id}}}`,
		all: `{"aiUsage":{"accountUsage":[{"id":"AWEAA1VUQwAAAAAABWFjYy0x"},{"id":"AWEAA1VUQwAAAAAABWFjYy0y"}]}}`,
		own: `{"aiUsage":{"accountUsage":[{"id":"AWEAA1VUQwAAAAAABWFjYy0x"}]}}`},
	"AICustomerUsage.id": {query: `{aiUsage{customerUsage{id}}}`,
		all: `{"aiUsage":{"customerUsage":[{"id":"AWMAA1VUQwAAAAAABWFjYy0xBWN1cy0x"},{"id":"AWMAA1VUQwAAAAAABWFjYy0yBWN1cy0x"}]}}`,
		own: `{"aiUsage":{"customerUsage":[{"id":"AWMAA1VUQwAAAAAABWFjYy0xBWN1cy0x"}]}}`},
	"AIUsagePoint.id": {query: `{aiUsage(startDate:"2026-03-01",endDate:"2026-03-02"){series(granularity:DAY){id}}}`,
		all: `{"aiUsage":{"series":[{"id":"AXAAA1VUQwGAhpyaDQABgJKxmg0AAAAAA0RBWQGAhpyaDQA"},{"id":"AXAAA1VUQwGAhpyaDQABgJKxmg0AAAAAA0RBWQGAzKaaDQA"}]}}`,
		own: `{"aiUsage":{"series":[{"id":"AXAAA1VUQwGAhpyaDQABgJKxmg0AAAAAA0RBWQGAhpyaDQA"},{"id":"AXAAA1VUQwGAhpyaDQABgJKxmg0AAAAAA0RBWQGAzKaaDQA"}]}}`},
	"Account.id": {query: `{accounts{nodes{id}}}`,
		all: `{"accounts":{"nodes":[{"id":"AW4ABWFjYy0x"},{"id":"AW4ABWFjYy0y"}]}}`,
		own: `{"accounts":{"nodes":[{"id":"AW4ABWFjYy0x"}]}}`},
	"Customer.id": {query: `{customers{nodes{id}}}`,
		all: `{"customers":{"nodes":[{"id":"AU4ABWFjYy0xBWN1cy0x"},{"id":"AU4ABWFjYy0yBWN1cy0x"}]}}`,
		own: `{"customers":{"nodes":[{"id":"AU4ABWFjYy0xBWN1cy0x"}]}}`},
	"Account.customers": {query: `{accounts{nodes{accountId customers{nodes{customerId name}}}}}`,
		all: `{"accounts":{"nodes":[{"accountId":"acc-1","customers":{"nodes":[{"customerId":"cus-1","name":"Carla"}]}},{"accountId":"acc-2","customers":{"nodes":[{"customerId":"cus-1","name":null}]}}]}}`,
		own: `{"accounts":{"nodes":[{"accountId":"acc-1","customers":{"nodes":[{"customerId":"cus-1","name":"Carla"}]}}]}}`},
	"Account.usage": {query: `{accounts{nodes{usage(endDate:"2026-03-01"){totals{aiMinutes}}}}}`,
		all: `{"accounts":{"nodes":[{"usage":{"totals":{"aiMinutes":3}}},{"usage":{"totals":{"aiMinutes":0}}}]}}`,
		own: `{"accounts":{"nodes":[{"usage":{"totals":{"aiMinutes":3}}}]}}`},
	"Customer.usage": {query: `{customers{nodes{usage{totals{aiMinutes}}}}}`,
		all: `{"customers":{"nodes":[{"usage":{"totals":{"aiMinutes":2}}},{"usage":{"totals":{"aiMinutes":1}}}]}}`,
		own: `{"customers":{"nodes":[{"usage":{"totals":{"aiMinutes":2}}}]}}`},
	"Query.account": {query: `{account(accountId:"acc-2"){accountId}}`,
		all: `{"account":{"accountId":"acc-2"}}`,
		own: `{"account":null}`},
	"Query.customer": {query: `{customer(accountId:"acc-2",customerId:"cus-1"){accountId customerId}}`,
		all: `{"customer":{"accountId":"acc-2","customerId":"cus-1"}}`,
		own: `{"customer":null}`},
	"Query.node": {query: `{node(id:"AWEAA1VUQwAAAAAABWFjYy0y"){...on AIAccountUsage{aiMinutes}}}`,
		all: `{"node":{"aiMinutes":1}}`,
		own: `{"node":null}`},
	"Query.nodes": {query: `{nodes(ids:["AW4ABWFjYy0y","AXIAA1VUQwAAAAAA","AXQAA1VUQwAAAQEFYWNjLTIA","AWMAA1VUQwAAAAAABWFjYy0xBWN1cy0x"]){__typename ...on AIUsage{totals{sessions}}...on AIUsageTotals{sessions}...on AICustomerUsage{sessions}}}`,
		all: `{"nodes":[{"__typename":"Account"},{"__typename":"AIUsage","totals":{"sessions":3}},{"__typename":"AIUsageTotals","sessions":1},{"__typename":"AICustomerUsage","sessions":1}]}`,
		own: `{"nodes":[null,{"__typename":"AIUsage","totals":{"sessions":2}},null,{"__typename":"AICustomerUsage","sessions":1}]}`},
	"Node.id": {query: `{node(id:"AUMAA1VUQwAAAAAABWFjYy0xBWN1cy0x"){id}}`,
		all: `{"node":{"id":"AUMAA1VUQwAAAAAABWFjYy0xBWN1cy0x"}}`,
		own: `{"node":{"id":"AUMAA1VUQwAAAAAABWFjYy0xBWN1cy0x"}}`},
	"Subscription.aiUsageChanged": {query: `subscription{aiUsageChanged{totals{aiMinutes}}}`,
		all: `{"aiUsageChanged":{"totals":{"aiMinutes":4}}}`,
		own: `{"aiUsageChanged":{"totals":{"aiMinutes":3}}}`},
}

// coordinates lists every field of the schema's own object types, as Type.field.
func coordinates() []string {
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	var all []string
	for _, definition := range schema.Types {
		if definition.Kind != ast.Object && definition.Kind != ast.Interface || strings.HasPrefix(definition.Name, "__") {
			continue
		}
		for _, field := range definition.Fields {
			if !strings.HasPrefix(field.Name, "__") {
				all = append(all, definition.Name+"."+field.Name)
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestEveryFieldShowsEveryPrincipalWhatTheyMaySee(t *testing.T) {
	if got, want := coordinates(), slices.Sorted(maps.Keys(sights)); !slices.Equal(got, want) {
		t.Fatalf("the schema has the fields\n%q\nand this test shows\n%q", got, want)
	}
	var parts [3][]string
	for i, coordinate := range coordinates() {
		parts[i%len(parts)] = append(parts[i%len(parts)], coordinate)
	}
	for turn, part := range parts {
		dbtest.InTurn(t, turn, func(t *testing.T, dsn string) {
			store := fill(t, dsn)
			name(t, store)
			s := start(t, store)
			for _, coordinate := range part {
				s.showsWhatTheyMaySee(t, coordinate)
			}
		})
	}
}

// showsWhatTheyMaySee asks for a field as everybody there is.
func (s *service) showsWhatTheyMaySee(t *testing.T, coordinate string) {
	t.Helper()
	see := sights[coordinate]
	for user, want := range map[string]string{"ada": see.all, "ann": see.own} {
		if got := s.see(t, user, see.query); got.status != 200 || shown(got.body) != want {
			t.Errorf("%s as %s: got %d %s\nwant %s", coordinate, user, got.status, got.body, want)
		}
	}
	for user, roles := range map[string]string{"nil": `["AccountAdministrator"]`, "bob": `[]`} {
		got := s.see(t, user, see.query)
		if see.none != "" {
			want := strings.NewReplacer("ROLES", roles, "USER", `"`+user+`"`).Replace(see.none)
			if got.status != 200 || shown(got.body) != want {
				t.Errorf("%s as %s: got %d %s\nwant %s", coordinate, user, got.status, got.body, want)
			}
			continue
		}
		if !strings.Contains(got.body, `"code":"FORBIDDEN"`) || strings.Contains(got.body, "acc-") || !nothing.MatchString(shown(got.body)) {
			t.Errorf("%s as %s: got %d %s", coordinate, user, got.status, got.body)
		}
	}
	for _, user := range []string{"", "eve"} {
		if got := s.see(t, user, see.query); got.status != 401 && got.status != 429 || strings.Contains(got.body, "data") {
			t.Errorf("%s as %q: got %d %s", coordinate, user, got.status, got.body)
		}
	}
}

// name gives an account and its customer a name.
func name(t *testing.T, store *db.Store) {
	t.Helper()
	if _, err := store.WriteAccounts(t.Context(), []usage.Account{{AccountID: "acc-1", Name: "Acme"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.WriteCustomers(t.Context(), []usage.Customer{{AccountID: "acc-1", CustomerID: "cus-1", Name: "Carla"}}); err != nil {
		t.Fatal(err)
	}
}

// see asks for something; of a subscription it returns the first event.
func (s *service) see(t *testing.T, user, query string) answer {
	t.Helper()
	if !strings.HasPrefix(query, "subscription") {
		return s.query(t, user, query)
	}
	return s.firstEvent(t, user, query)
}

var (
	// nothing is the data of who may see nothing.
	nothing  = regexp.MustCompile(`^(null|\{"[a-zA-Z]+":null\}|)$`)
	instants = regexp.MustCompile(`"asOf":"[^"]+"`)
	cursors  = regexp.MustCompile(`("(?:cursor|startCursor|endCursor)"):"[^"]+"`)
)

// shown returns the data of a GraphQL answer, with NOW for asOf and CURSOR for
// cursors.
func shown(body string) string {
	var document struct{ Data json.RawMessage }
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		return body
	}
	data := instants.ReplaceAllString(string(document.Data), `"asOf":NOW`)
	return cursors.ReplaceAllString(data, "$1:CURSOR")
}

func TestAnotherAccountsIDTellsNothing(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	ask := func(user, account string) answer {
		return s.query(t, user, `{aiUsage(accountId:"`+account+`"){totals{sessions} accountUsage{accountId}}}`)
	}
	if got := ask("ann", "acc-1"); got.body != `{"data":{"aiUsage":{"totals":{"sessions":2},"accountUsage":[{"accountId":"acc-1"}]}}}` {
		t.Errorf("their own: got %s", got.body)
	}
	exists, missing := ask("ann", "acc-2"), ask("ann", "acc-99")
	if exists.body != missing.body || exists.status != missing.status || !strings.Contains(exists.body, `"code":"FORBIDDEN"`) ||
		!strings.Contains(exists.body, `"argument":"accountId"`) || strings.Contains(exists.body, "acc-") {
		t.Errorf("one that exists: %s\none that does not: %s", exists.body, missing.body)
	}
	if !strings.Contains(s.log.String(), `"event":"access","who":"ann"`) {
		t.Errorf("the refusal is not in the log:\n%s", s.log)
	}
}

// The legacy operation is for administrators of everything, whoever else asks.
func TestTheLegacyOperationIsForSystemAdministrators(t *testing.T) {
	s := start(t, fill(t, dbtest.One(t)))
	for user, want := range map[string]int{"ada": 200, "ann": 403, "nil": 403, "bob": 403, "": 401} {
		for _, path := range []string{"/ai/usage", "/ai/usage?accountId=acc-1", "/json/reply/GetAIUsage", "/api/GetAIUsage[]"} {
			got := s.ask(t, user, "POST", path, "", "")
			if got.status != want || want != 200 && got.body != "" {
				t.Errorf("%s as %q: got %d %q, want %d", path, user, got.status, got.body, want)
			}
		}
	}
}

// A change of what somebody may see holds from the next request on.
func TestAChangeOfAccessHoldsAtOnce(t *testing.T) {
	store := fill(t, dbtest.One(t))
	s := start(t, store)
	const sessions = `{aiUsage{totals{sessions}}}`
	if got := s.query(t, "ann", sessions); got.body != `{"data":{"aiUsage":{"totals":{"sessions":2}}}}` {
		t.Errorf("before: %s", got.body)
	}
	if err := store.SetAccess(t.Context(), "ann", []string{auth.AccountAdministrator}, []string{"acc-2"}); err != nil {
		t.Fatal(err)
	}
	if got := s.query(t, "ann", sessions); got.body != `{"data":{"aiUsage":{"totals":{"sessions":1}}}}` {
		t.Errorf("after: %s", got.body)
	}
}

// firstEvent returns the first event of a subscription as an answer, or the whole
// answer when there are no events.
func (s *service) firstEvent(t *testing.T, user, query string) answer {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "POST", s.url+gateway.GraphQLPath, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	if user != "" {
		request.SetBasicAuth(user, password)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	all := ""
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if data, found := strings.CutPrefix(lines.Text(), "data: "); found && data != "" {
			return answer{response.StatusCode, response.Header, data}
		}
		all += lines.Text()
	}
	return answer{response.StatusCode, response.Header, all}
}

// Package flat is the fast path of GraphQL: it writes usage reports past gqlgen where a document
// asks for plain fields only, as most do. gqlgen starts a goroutine for each object of a list and
// allocates each of its fields, which takes longer than the database does to answer.
//
// # What it promises
//
//   - The bytes are those of the usual path, which is gqlgen's: values, their order, aliases,
//     __typename, null, errors and their paths. A property test draws documents from the schema and
//     compares the two.
//   - What is read is what the usual path reads, as often, and in one state of the database.
//   - What is counted against the budget of an answer is less (answer.Flat instead of
//     answer.Objects), because less memory is needed.
//
// # What it takes
//
//   - Query.aiUsage as a whole, where every selected field is in the table of its type (fields.go)
//     and every argument is understood (arguments.go). The extension is asked before the resolver.
//   - A list of rows or points within any other answer, such as the nodes of a page or a report of
//     a subscription, under the same conditions (lists.go). It is asked after the list was read.
//
// # What it leaves to the usual path
//
//   - Fields that are not in a table. A test holds the tables to the schema: each field of a type
//     that has a table is in it, or named by the test with the reason why it is not.
//   - Arguments that it does not know, or of another kind than they should be. None is ever taken
//     for absent: members.understood is true only where all have been asked for.
//   - Errors, which belong to a field, and only the usual path knows where they go. It is handed
//     what was read (answer.WithFound), so that nothing is read twice, and what was counted against
//     the budget is given back.
//   - Panics, which are raised again where gqlgen recovers from them.
//   - Documents of which a copy is executed, because null reaches what cannot be null there.
//
// # To add a field
//
// Add it to the schema and to its type's table, with the encoder of its type (encoders.go); where
// it has arguments, add how they are read. Where it needs usage told apart further than its row,
// add it to selection.LevelOf. Where it is better left to gqlgen, name it in the test.
package flat

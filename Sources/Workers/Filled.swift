/// `value` after `body` has changed it, so that a message is made in one expression.
func filled<Value>(_ value: Value, _ body: (inout Value) throws -> Void) rethrows -> Value {
    var value = value
    try body(&value)
    return value
}

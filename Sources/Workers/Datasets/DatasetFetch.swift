/// How many items one fetch brings.
package enum DatasetFetch {
    /// Batches of the largest call.
    package static let batches = 4
}

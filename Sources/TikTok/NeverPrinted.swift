/// A value that shows its type and never its content, wherever it is printed, dumped or logged.
package protocol NeverPrinted:
    CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// What stands for the value in print.
    static var printedName: String { get }
}

extension NeverPrinted {
    package var description: String { "\(Self.printedName)(…)" }

    package var debugDescription: String { description }

    package var customMirror: Mirror {
        Mirror(self, children: EmptyCollection<Mirror.Child>())
    }
}

enum ProcessesPlaceholder {}

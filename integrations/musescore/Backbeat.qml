// Backbeat's results, newest first; a click opens one. For MuseScore 3 (Qt 5) and MuseScore 4 (Qt 5 and 6), so it keeps to what
// both have: no file dialogs, no controls, no settings.

import QtQuick 2.0
import MuseScore 3.0
import FileIO 3.0

MuseScore {
    id: plugin
    version: "1.0"
    description: "Opens drum parts that Backbeat has transcribed"
    menuPath: "Plugins.Backbeat"
    pluginType: "dialog"
    requiresScore: false
    width: 460
    height: 380

    property string message: ""
    property var results: []

    FileIO { id: file }
    QProcess { id: process }

    Component.onCompleted: {
        if (mscoreMajorVersion >= 4) {  // MuseScore 3 has no such properties
            plugin.title = "Backbeat"
            plugin.categoryCode = "composing-arranging-tools"
        }
    }

    onRun: refresh()

    // `backbeat install musescore` writes the program's path into a file beside this one.
    function command() {
        file.source = localPath(Qt.resolvedUrl("command.txt"))
        var line = file.exists() ? file.read().split("\n")[0].trim() : ""
        return line === "" ? "backbeat" : line
    }

    function localPath(url) {
        var path = decodeURIComponent(url.toString().replace(/^file:\/\//, ""))
        return path.replace(/^\/([A-Za-z]:)/, "$1")  // Windows: /C:/folder
    }

    function start(words) {
        var program = command()
        if (process.startWithArgs) {  // MuseScore 4.3 and later
            process.startWithArgs(program, words)
            return
        }
        process.start([program].concat(words).map(function(word) { return '"' + word + '"' }).join(" "))
    }

    // What the daemon has done, newest first, as [{name, when, path}].
    function refresh() {
        start(["jobs", "list", "--state", "done", "--limit", "50", "--json"])
        var ended = process.waitForFinished(15000)
        var text = ended ? process.readAllStandardOutput().toString() : ""
        if (!ended) {
            message = "The backbeat command did not answer: " + command() + ". Run `backbeat install musescore` again."
            results = []
            return
        }
        results = readResults(text)
        message = results.length ? "" : "There are no results yet. Start Backbeat with: backbeat run"
    }

    function readResults(text) {
        var found = [], seen = {}
        text.split("\n").forEach(function(line) {
            if (line.charAt(0) !== "{") return
            var job = JSON.parse(line), path = job.out_base + ".musicxml"
            file.source = path
            if (seen[path] || !file.exists()) return  // an earlier version of it, or it was moved away
            seen[path] = true
            found.push({ name: job.path.split(/[\/\\]/).pop(), when: job.updated_at.replace("T", " ").slice(0, 16), path: path })
        })
        return found
    }

    // True when it is open, or on its way. MuseScore 4.0 and its next versions cannot open files from plugins: then the
    // backbeat command asks MuseScore to.
    function openResult(path) {
        if (readScore(path)) return true
        start(["open", path, "--in", "musescore"])
        if (process.waitForFinished(15000)) return true
        message = "It could not be opened. Open it by hand: " + path
        return false
    }

    function close() {
        if (mscoreMajorVersion >= 4) quit()
        else Qt.quit()
    }

    Rectangle {
        anchors.fill: parent
        color: "#f4f4f4"

        Text {
            id: heading
            anchors { left: parent.left; right: parent.right; top: parent.top; margins: 12 }
            wrapMode: Text.Wrap
            color: "#222222"
            text: plugin.message !== "" ? plugin.message : "Click a result to open it; the newest is on top."
        }

        ListView {
            objectName: "results"
            anchors { left: parent.left; right: parent.right; top: heading.bottom; bottom: parent.bottom; margins: 12 }
            clip: true
            model: plugin.results
            delegate: Rectangle {
                width: parent ? parent.width : 0
                height: 34
                color: pointer.containsMouse ? "#cfe3ff" : (index % 2 ? "#ececec" : "#ffffff")
                Text {
                    anchors { left: parent.left; leftMargin: 8; right: when.left; rightMargin: 8; verticalCenter: parent.verticalCenter }
                    elide: Text.ElideMiddle
                    color: "#222222"
                    text: modelData.name
                }
                Text {
                    id: when
                    anchors { right: parent.right; rightMargin: 8; verticalCenter: parent.verticalCenter }
                    color: "#666666"
                    text: modelData.when
                }
                MouseArea {
                    id: pointer
                    objectName: "click"
                    anchors.fill: parent
                    hoverEnabled: true
                    onClicked: if (plugin.openResult(modelData.path)) plugin.close()
                }
            }
        }
    }
}

/*
 * ELMED → Sync while a sync runs: shows how far it is, and takes its steps from here, beside the site's own jobs and
 * also where those do not run. A step that another process is at does nothing. Without this script the page's buttons do
 * the same, one step a click.
 */
(function () {
	'use strict';

	var place = document.getElementById('elmed-sync');
	var say = document.getElementById('elmed-sync-say');
	if (!place || !window.elmedSync || !window.fetch) {
		return;
	}
	var wasRunning = false;
	var last = '';
	var spoken = '';
	var ENDED = 'elmedSyncEnded';

	// A screen reader hears what changes in here; the same words again, or none, are left alone.
	function tell(key, text, shown) {
		if (key === spoken) {
			return;
		}
		spoken = key;
		say.classList.toggle('screen-reader-text', !shown);
		say.textContent = text;
	}

	function ask(what) {
		var body = new FormData();
		body.append('action', window.elmedSync.action);
		body.append('nonce', window.elmedSync.nonce);
		body.append('elmed_do', what);
		return fetch(window.elmedSync.url, { method: 'POST', body: body, credentials: 'same-origin' }).then(function (answer) {
			if (!answer.ok) {
				throw new Error(String(answer.status));
			}
			return answer.json();
		});
	}

	function show(html) {
		// A button that somebody is about to press is not pulled away from under the finger.
		var inside = place.contains(document.activeElement);
		if (place.innerHTML !== html && !(inside && wasRunning && html.indexOf('value="cancel"') > 0)) {
			place.innerHTML = html;
		} else if (inside) {
			var fresh = document.createElement('div');
			fresh.innerHTML = html;
			var present = place.querySelector('.elmed-state');
			var next = fresh.querySelector('.elmed-state');
			if (present && next) {
				present.replaceWith(next);
			}
		}
	}

	function take(answer) {
		var data = answer.data;
		show(data.html);
		if (data.running) {
			tell(data.say.key, data.say.text, false);
			var moved = data.html !== last;
			wasRunning = true;
			last = data.html;
			window.setTimeout(turn, data.wait > 0 ? Math.min(data.wait, 10) * 1000 : moved ? 200 : 3000);
		} else if (wasRunning) {
			// The lists below have changed too; its end is told by the new page.
			try {
				window.sessionStorage.setItem(ENDED, '1');
			} catch (full) {
				tell(data.say.key, data.say.text, false);
			}
			window.location.reload();
		}
	}

	function turn() {
		ask('step').then(take).catch(function () {
			tell('lost', window.elmedSync.lost, true);
			window.setTimeout(turn, 10000);
		});
	}

	function hasEnded() {
		try {
			var ended = window.sessionStorage.getItem(ENDED) !== null;
			window.sessionStorage.removeItem(ENDED);
			return ended;
		} catch (none) {
			return false;
		}
	}

	// Words that are there when a page opens are not read out; so they come a moment later.
	if (place.querySelector('input[value="cancel"]')) {
		wasRunning = true;
		window.setTimeout(function () {
			tell(say.dataset.key, say.dataset.now, false);
			turn();
		}, 500);
	} else if (hasEnded()) {
		window.setTimeout(function () {
			tell(say.dataset.key, say.dataset.now, false);
		}, 500);
	}
})();

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
		say.textContent = '';
		show(data.html);
		if (data.running) {
			var moved = data.html !== last;
			wasRunning = true;
			last = data.html;
			window.setTimeout(turn, data.wait > 0 ? Math.min(data.wait, 10) * 1000 : moved ? 200 : 3000);
		} else if (wasRunning) {
			// The lists below have changed too.
			window.location.reload();
		}
	}

	function turn() {
		ask('step').then(take).catch(function () {
			say.textContent = window.elmedSync.lost;
			window.setTimeout(turn, 10000);
		});
	}

	if (place.querySelector('input[value="cancel"]')) {
		wasRunning = true;
		turn();
	}
})();

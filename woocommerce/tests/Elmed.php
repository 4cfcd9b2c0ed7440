<?php
/**
 * The tests' door into the real ELMED beside the site: every word of site/scenarios.py and site/control.py.
 */

namespace Elmed\WooCommerce\Tests;

final class Elmed {

	/**
	 * Say a word: `Elmed::say( 'prescription', array( 'state' => 'verified' ) )`.
	 *
	 * @param array<string, mixed> $given Its arguments by name.
	 * @return mixed
	 */
	public static function say( string $word, array $given = array() ) {
		$body   = json_encode( (object) $given );
		$answer = file_get_contents(
			self::fact( 'control' ) . '/' . $word,
			false,
			stream_context_create(
				array(
					'http' => array( 'method' => 'POST', 'header' => 'Content-Type: application/json', 'content' => $body, 'ignore_errors' => true, 'timeout' => 90 ),
				)
			)
		);
		$data = json_decode( (string) $answer, true );
		if ( is_array( $data ) && isset( $data['error'] ) ) {
			throw new \RuntimeException( "ELMED could not '$word': " . $data['error'] );
		}
		return $data;
	}

	/** What the bed wrote of ELMED: url, key, key_id, pharmacy, control. */
	public static function fact( string $name ): string {
		return (string) $GLOBALS['elmed_test_site']['elmed'][ $name ];
	}

	/**
	 * The calls that reached ELMED while $during ran.
	 *
	 * @return array<int, array<string, mixed>>
	 */
	public static function calls( callable $during ): array {
		$since = self::say( 'time' );
		$during();
		return self::say( 'calls', array( 'since' => $since ) );
	}

	/** ELMED as it is in good weather: running, near, its key's limit the usual one. */
	public static function fine(): void {
		self::say( 'start' );
		self::say( 'weather' );
		self::say( 'limit', array( 'key_id' => (int) self::fact( 'key_id' ), 'per_minute' => 10000 ) );
	}
}

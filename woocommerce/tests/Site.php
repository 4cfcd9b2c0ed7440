<?php
/**
 * The site under test as a whole: its facts, its log and mails, and calls to it over HTTP as a browser makes them.
 */

namespace Elmed\WooCommerce\Tests;

final class Site {

	/** What the bed wrote: url, www, base, wordpress, php, mariadb, and woocommerce where it is there. */
	public static function fact( string $name ): string {
		return (string) ( $GLOBALS['elmed_test_site'][ $name ] ?? '' );
	}

	public static function hasWooCommerce(): bool {
		return '' !== self::fact( 'woocommerce' );
	}

	/** What WordPress logged: notices, warnings, errors. */
	public static function debugLog(): string {
		$file = self::fact( 'base' ) . '/debug.log';
		return is_file( $file ) ? (string) file_get_contents( $file ) : '';
	}

	/**
	 * Mails "sent" so far, oldest first: to, subject, message, headers, attachments.
	 *
	 * @return array<int, array<string, mixed>>
	 */
	public static function mails(): array {
		$file = self::fact( 'base' ) . '/mails.jsonl';
		if ( ! is_file( $file ) ) {
			return array();
		}
		return array_map(
			static function ( $line ) {
				return json_decode( $line, true );
			},
			file( $file, FILE_IGNORE_NEW_LINES )
		);
	}
}

<?php
/**
 * A key goes only to the address that it was entered for: nobody gets at it by changing the address.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Settings\Key;
use Elmed\WooCommerce\Settings\Options;
use Elmed\WooCommerce\Settings\SettingsPage;

final class KeyAddressTest extends TestCase {

	/** @var array<int, array{0: string, 1: string}> address and key of each request */
	private $sent = array();

	protected function setUp(): void {
		parent::setUp();
		$this->become( 'administrator' );
		Key::store( Elmed::fact( 'key' ) );
		add_filter(
			'pre_http_request',
			function ( $answer, $arguments, $url ) {
				$this->sent[] = array( $url, (string) ( $arguments['headers']['X-API-Key'] ?? '' ) );
				return new \WP_Error( 'not sent' );
			},
			10,
			3
		);
	}

	public function test_a_stored_key_is_not_sent_to_another_address(): void {
		$said = ( new SettingsPage() )->take( array( 'elmed_base_url' => 'https://elsewhere.example', 'elmed_test' => '1' ) );

		$this->assertSame( 'key-needed', $said );
		$this->assertSame( array(), $this->sent );
		$this->assertSame( array( Elmed::fact( 'url' ), Elmed::fact( 'key' ) ), array( Options::baseUrl(), Key::value() ) );
	}

	public function test_with_the_key_entered_anew_both_are_taken(): void {
		$key  = 'elm_' . str_repeat( 'ab', 32 );
		$said = ( new SettingsPage() )->take( array( 'elmed_base_url' => 'https://elsewhere.example', 'elmed_api_key' => $key ) );

		$this->assertSame( 'tested', $said );
		$this->assertSame( array( $key ), array_unique( array_column( $this->sent, 1 ) ) );
		$this->assertSame( 'https://elsewhere.example', Options::baseUrl() );
	}

	public function test_the_address_that_it_is_needs_no_key(): void {
		$this->assertSame( 'saved', ( new SettingsPage() )->take( array( 'elmed_base_url' => Elmed::fact( 'url' ) . '/' ) ) );
	}

	public function test_a_key_of_wp_config_goes_to_no_address_of_the_form(): void {
		$said = Process::run(
			'define( "ELMED_API_KEY", "elm_of_wp_config" );
			class_exists( "Elmed\WooCommerce\Settings\Key" ) || require WP_PLUGIN_DIR . "/elmed-for-woocommerce/src/autoload.php";
			add_filter( "pre_option_elmed_base_url", static fn() => "https://elsewhere.example" );
			echo Elmed\WooCommerce\Settings\Options::baseUrl();'
		);

		$this->assertSame( Options::DEFAULT_BASE_URL, $said );
	}
}
